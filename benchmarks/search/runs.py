"""One run: a search, a table, a task and a seed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import NamedTuple

import torch

from benchmarks.search.methods import Factory
from benchmarks.search.tasks import Task
from benchmarks.tables import Table
from embedding import derive_seed

# As many first rows as any search takes.
STARTS = 20


class Key(NamedTuple):
    """What a run is of."""

    table: str
    task: str
    method: str
    seed: int


@dataclass(frozen=True)
class Run:
    """A finished run, as its log line has it.

    Attributes:
        evaluations: How many were asked for; `rows` are fewer where a table allows fewer.
        version: Of the search (`methods.version_of`).
        fingerprint: Of the table.
        rows: In the order of their evaluation.
        observed: The accuracies that the search was told, fractions.
        propose_s: CPU seconds of the process from each question to its answer, those of the telling
            before it too.
    """

    table: str
    task: str
    method: str
    seed: int
    evaluations: int
    version: str
    fingerprint: str
    rows: tuple[int, ...]
    observed: tuple[float, ...]
    propose_s: tuple[float, ...]

    @property
    def key(self) -> Key:
        """What the run is of."""
        return Key(self.table, self.task, self.method, self.seed)

    def to_json(self) -> dict[str, object]:
        """Returns a log line's object."""
        return asdict(self)

    @classmethod
    def from_json(cls, line: Mapping[str, object]) -> Run:
        """Reads a log line's object.

        Raises:
            ValueError: If a field is missing, unknown or of another type.
        """
        try:
            run = cls(**{x: tuple(y) if isinstance(y, list) else y for x, y in line.items()})  # type: ignore[arg-type]
        except TypeError as error:
            raise ValueError(f"not a run: {error}") from error
        whole = len(run.rows) == len(run.observed) == len(run.propose_s) > 0
        if not whole or not all(isinstance(x, int) for x in (*run.rows, run.seed)):
            raise ValueError("not a run: its rows, accuracies and seconds don't fit together")
        return run


def recorded_accuracy(table: Table, seed: int, row: int) -> float:
    """Returns one of the row's recorded accuracies; each search of a seed is told the same."""
    number = derive_seed(seed, "recorded run", row) % table.accuracy.shape[1]
    return float(table.accuracy[row, number])


def starting_rows(table: Table, task: Task, seed: int) -> list[int]:
    """Returns the rows that every search of a seed may start with: distinct, random, allowed."""
    rows = task.allowed(table).nonzero().squeeze(1)
    draws = torch.Generator().manual_seed(derive_seed(seed, "start", 0))
    chosen: list[int] = rows[torch.randperm(len(rows), generator=draws)[:STARTS]].tolist()
    return chosen


def evaluate(
    table: Table,
    task: Task,
    seed: int,
    evaluations: int,
    factory: Factory,
    clock: Callable[[], float] = time.process_time,
) -> tuple[list[int], list[float], list[float]]:
    """Runs one search.

    Returns:
        Rows, accuracies told and seconds of proposing, as `Run` has them.

    Raises:
        ValueError: If the search asked for a row that isn't allowed, or for one a second time.
    """
    allowed = task.allowed(table)
    rows: list[int] = []
    observed: list[float] = []
    propose_s: list[float] = []
    began = clock()
    method = factory(table, task, seed, starting_rows(table, task, seed))
    for _ in range(min(evaluations, int(allowed.sum()))):
        row = method.ask()
        if not allowed[row]:
            raise ValueError(f"asked for row {row}, which is not allowed or was evaluated")
        allowed[row] = False
        accuracy = recorded_accuracy(table, seed, row)
        propose_s.append(clock() - began)
        rows.append(row)
        observed.append(accuracy)
        began = clock()
        method.tell(row, accuracy)
    return rows, observed, propose_s
