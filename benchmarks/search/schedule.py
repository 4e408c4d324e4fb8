"""Which runs are still to be done, and doing them in processes of one thread each."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import torch

from benchmarks.search.methods import load, version_of
from benchmarks.search.runs import Key, Run, evaluate
from benchmarks.search.tasks import TASKS, Task
from benchmarks.tables import Table, load_table

THREAD_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
Source = tuple[str, Path]
"""A table's adapter and path."""


@dataclass(frozen=True)
class Job:
    """A run to be done."""

    source: Source
    key: Key
    evaluations: int
    version: str
    fingerprint: str


class RunError(Exception):
    """Raised when a run failed; says which one and why."""

    def __init__(self, key: Key, cause: str) -> None:
        super().__init__(f"{key.method} on {key.table}, {key.task}, seed {key.seed}: {cause}")


def jobs(
    tables: Mapping[Source, Table],
    tasks: Sequence[Task],
    methods: Sequence[str],
    seeds: int,
    evaluations: int,
) -> list[Job]:
    """Returns all runs, seed by seed, so that a benchmark that is cut has whole seeds."""
    versions = {x: version_of(x) for x in methods}
    return [
        Job(
            source,
            Key(table.name, task.name, method, seed),
            evaluations,
            versions[method],
            table.fingerprint,
        )
        for seed in range(seeds)
        for source, table in tables.items()
        for task in tasks
        if enough(table, task)
        for method in methods
    ]


def enough(table: Table, task: Task) -> bool:
    """Returns whether the task allows two rows of the table: of fewer there is no search."""
    return int(task.allowed(table).sum()) > 1


def is_of(run: Run, job: Job) -> bool:
    """Returns whether a logged run is the job's, by the same code and on the same table."""
    return (run.version, run.fingerprint, run.evaluations) == (
        job.version,
        job.fingerprint,
        job.evaluations,
    )


def run_job(job: Job) -> Run:
    """Does a run.

    Raises:
        RunError: If it failed.
    """
    torch.set_num_threads(1)
    try:
        table = _table(job.source)
        key = job.key
        rows, observed, propose_s = evaluate(
            table, TASKS[key.task], key.seed, job.evaluations, load(key.method)
        )
    except Exception as error:
        raise RunError(job.key, repr(error)) from error
    done = (tuple(rows), tuple(observed), tuple(propose_s))
    return Run(*key, job.evaluations, job.version, job.fingerprint, *done)


def run_all(
    todo: Sequence[Job], processes: int, do: Callable[[Job], Run] = run_job
) -> Iterator[Run | RunError]:
    """Does runs and gives each when it is finished; a failed one doesn't end the others."""
    if processes == 1:
        yield from map(functools.partial(_caught, do), todo)
        return
    for name in THREAD_SETTINGS:  # read when a child imports its libraries
        os.environ.setdefault(name, "1")
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        futures = [pool.submit(_caught, do, x) for x in todo]
        try:
            yield from (x.result() for x in as_completed(futures))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _caught(do: Callable[[Job], Run], job: Job) -> Run | RunError:
    try:
        return do(job)
    except RunError as error:
        return RunError(job.key, str(error).rpartition(": ")[2])


@functools.cache
def _table(source: Source) -> Table:
    """Returns a table, read once a process."""
    return load_table(*source)


def grouped(runs: Iterable[Run]) -> dict[tuple[str, str, str], list[Run]]:
    """Returns the runs by table, task and method."""
    groups: dict[tuple[str, str, str], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.table, run.task, run.method), []).append(run)
    return groups
