"""Our search, as a job runs it, on the networks of a table."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Protocol

import torch

from benchmarks.search.rows import NoRowLeft
from benchmarks.search.table_space import TableSpace
from benchmarks.search.tasks import Task
from benchmarks.tables import Table
from embedding import (
    EmbeddingProposer,
    Limits,
    Objective,
    Observation,
    Proposer,
    SearchSettings,
    SpaceExhausted,
)

# As a job's default.
KERNELS = 8


class ProposerFactory(Protocol):
    """Starts a proposer."""

    def __call__(
        self, space: TableSpace, objective: Objective, settings: SearchSettings
    ) -> Proposer:
        """Returns a proposer that was told nothing."""


class Ours:
    """Asks the proposer for one candidate at a time, and tells it all that it has seen."""

    def __init__(self, space: TableSpace, proposer: Proposer) -> None:
        self._space, self._proposer = space, proposer
        self._start: list[int] = []
        self._told: list[Observation] = []

    def after(self, start: Sequence[int]) -> Ours:
        """Returns this search, which evaluates the rows of `start` before it proposes."""
        self._start = list(start)
        return self

    def ask(self) -> int:
        """Returns the row of the next candidate."""
        if self._start:
            return self._start.pop(0)
        try:
            (edits,) = self._proposer.ask(1)
        except SpaceExhausted as error:
            raise NoRowLeft(str(error)) from error
        return int(self._space.rows(self._space.candidates([edits])))

    def tell(self, row: int, accuracy: float) -> None:
        """Tells all trials, as a coordinator does."""
        (edits,) = self._space.edits(self._space.of_rows(torch.tensor([row])))
        self._told.append(Observation(len(self._told), edits, accuracy))
        self._proposer.tell(self._told, [])


def ours(
    table: Table,
    task: Task,
    seed: int,
    start: Sequence[int],  # noqa: ARG001 it takes none
    kind: ProposerFactory = EmbeddingProposer,
    kernels: int = KERNELS,
) -> Ours:
    """Returns our search with a job's settings."""
    space = table_space(table)
    return Ours(space, kind(space, objective_of(table, task), SearchSettings(kernels, seed)))


def objective_of(table: Table, task: Task) -> Objective:
    """Returns a job's objective for a task."""
    params, macs = int(table.params[table.teacher]), int(table.macs[table.teacher])
    limit = None if task.params_ratio is None else int(task.params_ratio * params)
    pareto = task.kind == "pareto"
    return Objective(
        task.kind,
        Limits(params=limit),
        params,
        float(table.mean_accuracy[table.teacher]),
        costs=("macs",) if pareto else (),
        teacher_costs=(macs,) if pareto else (),
    )


@functools.lru_cache(maxsize=2)
def table_space(table: Table) -> TableSpace:
    """Returns the table's networks, read once a process."""
    torch.set_num_threads(1)
    return TableSpace(table)
