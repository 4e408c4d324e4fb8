"""Gives an installation faults, one after another, while it works on jobs; then looks what is lost.

    python -m benchmarks.chaos --faults 200 [--database sqlite|postgresql] [--seed 0]

The installation is real: an API, two coordinators with leases of 2 s and a Ray node, as `stillhouse
serve` starts them, that search for students of tiny networks on digits. After each fault the next
one waits until a result or a change of a job's state is on record and the API answers: those are
the seconds to recover. A full disk needs a machine where a tmpfs may be mounted, and clocks that
jump Debian's `libfaketime`; without, those faults are left out. The log has a line for each fault.
The exit code is 1 if anything was lost, duplicated, orphaned or damaged, or is not what an
undisturbed run gives.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.chaos.clock import jumping_clock
from benchmarks.chaos.databases import database_server
from benchmarks.chaos.disk import small_disk
from benchmarks.chaos.faults import ANY_DATABASE, CLOCK, POSTGRESQL
from benchmarks.chaos.injection import Machine
from benchmarks.chaos.report import Log, result
from benchmarks.chaos.run import Plan, run

LOG = Path("chaos.jsonl")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; returns the exit code."""
    options = _options(arguments)
    folder = Path(tempfile.mkdtemp(prefix="chaos-", dir="/tmp"))  # sockets' paths must be short
    log = Log(options.log)
    try:
        home = folder / "home"
        (folder / "database").mkdir()
        with (
            jumping_clock(folder / "clock") as clock,
            small_disk(home / "artifacts") as disk,
            database_server(options.database, folder / "database") as server,
        ):
            without = ("disk full",) * (disk is None) + CLOCK * (clock is None)
            kinds = [kind for kind in options.kinds if kind not in without]
            plan = Plan(kinds, options.faults, options.seed)
            outcome = run(home, Machine(server, disk, clock), plan, log)
            line = result(options.database, options.seed, outcome)
    finally:
        if options.keep is not None:
            shutil.copytree(folder / "home" / "logs", options.keep, dirs_exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
    log.note(f"RESULT {line}")
    return 0 if outcome.is_clean and len(outcome.given) == options.faults else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.chaos",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", help="all when not given")
    parser.add_argument("--log", type=Path, default=LOG, help="default: %(default)s")
    parser.add_argument("--keep", type=Path, help="a folder for the servers' logs")
    options = parser.parse_args(arguments)
    known = ANY_DATABASE + (POSTGRESQL if options.database == "postgresql" else ())
    options.kinds = options.kinds or list(known)
    unknown = [kind for kind in options.kinds if kind not in known]
    if unknown:
        parser.error(f"no kind {', '.join(unknown)}: there are {', '.join(known)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
