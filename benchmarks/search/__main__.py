"""Compares searches on tables of trained networks, read as if they were trained.

    python -m benchmarks.search --tables FOLDER [--seeds 20] [--evaluations 80]
    python -m benchmarks.search --table FILE-OR-FOLDER --adapter NAME
    python -m benchmarks.search --tables FOLDER --ablation

The other searches' libraries come with `pip install '.[bench]'`; one that isn't there is left out.
Every finished run is a line of the log, and a benchmark that was cut goes on from it. Seconds of
proposing are the process's CPU seconds.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.search.methods import METHODS, missing, version_of
from benchmarks.search.options import names, positive
from benchmarks.search.report import Panel, panel_text, result
from benchmarks.search.resumed import do_rest, note
from benchmarks.search.runs import Run
from benchmarks.search.schedule import (
    Source,
    enough,
    grouped,
    jobs,
)
from benchmarks.search.summary import MethodSummary
from benchmarks.search.tasks import TASKS
from benchmarks.tables import ADAPTERS, Table, TableError, find_tables, load_table

LOG = Path("search.jsonl")
ABLATION_SEEDS = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what the log doesn't have and prints the tables; returns the exit code."""
    options = _options(arguments)
    try:
        tables = _tables(options)
    except TableError as error:
        note(str(error))
        return 2
    tasks = [TASKS[x] for x in options.tasks]
    methods = [x for x in options.methods if _is_installed(x)]
    for table in tables.values():
        for task in tasks:
            if not enough(table, task):
                note(f"{table.name} allows fewer than two networks for {task.name}: left out")
    wanted = jobs(tables, tasks, methods, options.seeds, options.evaluations)
    try:
        runs, failures = do_rest(wanted, options.log, options.processes)
    except ValueError as error:
        note(str(error))
        return 2
    panels = _panels(tables, runs, options)
    for panel in panels:
        print(panel_text(panel), flush=True)
    if options.plot is not None:
        from benchmarks.search.plot import draw

        draw(panels, options.plot)
    versions = {x: version_of(x) for x in methods}
    line = result(panels, versions, options.seeds, options.evaluations)
    print(f"\nRESULT {json.dumps(line, allow_nan=False)}")
    return 1 if failures else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.search",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--tables", type=Path, help="a folder: every table that is found in it")
    source.add_argument("--table", type=Path, help="one table, of the --adapter's form")
    parser.add_argument("--adapter", choices=sorted(ADAPTERS))
    parser.add_argument("--seeds", type=positive)
    parser.add_argument("--evaluations", type=positive, default=80)
    parser.add_argument("--methods", type=names, help=f"of {', '.join(METHODS)}")
    parser.add_argument("--tasks", type=names, help=f"of {', '.join(TASKS)}")
    parser.add_argument(
        "--ablation",
        action="store_true",
        help=f"ours and its ablations, on the score, {ABLATION_SEEDS} seeds",
    )
    parser.add_argument("--processes", type=positive, default=2)
    parser.add_argument("--log", type=Path, default=LOG, help="default: %(default)s")
    parser.add_argument("--plot", type=Path, help="a picture to write: .png, .svg or .pdf")
    options = parser.parse_args(arguments)
    if (options.table is None) != (options.adapter is None):
        parser.error("--table and --adapter go together")
    _defaults(options)
    for kind, given, known in (
        ("method", options.methods, METHODS),
        ("task", options.tasks, TASKS),
    ):
        unknown = [x for x in given if x not in known]
        if unknown:
            parser.error(f"no {kind} {', '.join(unknown)}: there are {', '.join(known)}")
    return options


def _defaults(options: argparse.Namespace) -> None:
    groups = {"ours", "ablation"} if options.ablation else {"ours", "peer"}
    if options.methods is None:
        options.methods = [x for x, y in METHODS.items() if y.group in groups]
    if options.tasks is None:
        options.tasks = ["score"] if options.ablation else list(TASKS)
    if options.seeds is None:
        options.seeds = ABLATION_SEEDS if options.ablation else 20


def _tables(options: argparse.Namespace) -> dict[Source, Table]:
    """Returns the tables that the options name.

    Raises:
        TableError: If there is none, or one can't be read.
    """
    if options.table is not None:
        sources = [(options.adapter, options.table)]
    else:
        sources = find_tables(options.tables)
    if not sources:
        raise TableError(f"{options.tables}: has no table of {', '.join(ADAPTERS)}")
    return {x: load_table(*x) for x in sources}


def _is_installed(method: str) -> bool:
    packages = missing(method)
    if packages:
        note(
            f"{method} is left out: {', '.join(packages)} isn't installed (pip install '.[bench]')"
        )
    return not packages


def _panels(
    tables: dict[Source, Table], runs: Sequence[Run], options: argparse.Namespace
) -> list[Panel]:
    groups = grouped(runs)
    panels = []
    for table in tables.values():
        for name in options.tasks:
            methods = {
                method: MethodSummary.of(
                    table, TASKS[name], groups[table.name, name, method], options.evaluations
                )
                for method in options.methods
                if (table.name, name, method) in groups
            }
            if methods:
                panels.append(Panel(table.name, name, methods, options.evaluations))
    return panels


if __name__ == "__main__":
    sys.exit(main())
