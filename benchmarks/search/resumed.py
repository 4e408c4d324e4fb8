"""Doing what a log doesn't have yet, with a progress bar."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from benchmarks.search.log import append_run, read_runs
from benchmarks.search.runs import Run
from benchmarks.search.schedule import Job, RunError, is_of, run_all, run_job


def note(text: str) -> None:
    """Tells the user something beside the results."""
    print(text, file=sys.stderr, flush=True)


def do_rest(
    wanted: Sequence[Job], log: Path, processes: int, do: Callable[[Job], Run] = run_job
) -> tuple[list[Run], int]:
    """Returns the logged runs that are wanted and those that are done now, and how many failed.

    Raises:
        ValueError: If the log can't be read.
    """
    logged = read_runs(log)
    known = {x.key: logged[x.key] for x in wanted if x.key in logged}
    done = [known[x.key] for x in wanted if x.key in known and is_of(known[x.key], x)]
    finished = {x.key for x in done}
    todo = [x for x in wanted if x.key not in finished]
    stale = sum(x.key in known for x in todo)
    if stale:
        note(f"{stale} runs of the log are of other code or settings: they are done again")
    failures = 0
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("runs", total=len(wanted), completed=len(done))
        for run in run_all(todo, min(processes, max(1, len(todo))), do):
            if isinstance(run, RunError):
                failures += 1
                note(f"failed: {run}")
            else:
                append_run(log, run)
                done.append(run)
            progress.advance(bar)
    return done, failures
