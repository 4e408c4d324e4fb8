"""How far a search's rows are from the best that its task allows, by recorded means."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from benchmarks.search.pareto import hypervolume, non_dominated
from benchmarks.search.tasks import Task
from benchmarks.tables import Table

TARGET = 1e-3


def best_value(table: Table, task: Task) -> float:
    """Returns the best recorded mean value of the allowed rows, or their hypervolume."""
    rows = task.allowed(table).nonzero().squeeze(1)
    means = task.outcomes(table, rows, table.mean_accuracy[rows])
    return _value(means, task)


def found(table: Table, task: Task, rows: Sequence[int], best: float) -> list[float]:
    """Returns the regret of the best row evaluated so far, after each evaluation.

    Args:
        table: What was searched.
        task: What was searched for.
        rows: As evaluated: `m`.
        best: `best_value` of the table and the task.

    Returns:
        `m` values that never rise; a Pareto set's is the hypervolume that is missing.
    """
    means = _means(table, task, rows)
    if task.kind == "pareto":
        return [best - hypervolume(means[:end]) for end in range(1, len(rows) + 1)]
    return (best - torch.cummax(means[:, 0], 0).values).tolist()


def given(
    table: Table, task: Task, rows: Sequence[int], observed: Sequence[float], best: float
) -> list[float]:
    """Returns the regret of what a user would be given after each evaluation.

    That is the row of the highest observed value, or the rows that no other beats as observed.

    Args:
        table: What was searched.
        task: What was searched for.
        rows: As evaluated: `m`.
        observed: The accuracies that the search was told: `m`.
        best: `best_value` of the table and the task.

    Returns:
        `m` values, which may rise: an observed value can be a lucky one.
    """
    means = _means(table, task, rows)
    told = torch.tensor(observed, dtype=torch.float64)
    seen = task.outcomes(table, torch.tensor(rows), told)
    ends = range(1, len(rows) + 1)
    if task.kind == "pareto":
        return [best - hypervolume(means[:end][non_dominated(seen[:end])]) for end in ends]
    return [best - float(means[int(seen[:end, 0].argmax()), 0]) for end in ends]


def to_target(regrets: Sequence[float], target: float = TARGET) -> int | None:
    """Returns after how many evaluations the regret was at most the target, if it ever was."""
    # A mean over runs need not be exact to the last bit.
    reached = (n for n, regret in enumerate(regrets, 1) if regret <= target + 1e-12)
    return next(reached, None)


def _means(table: Table, task: Task, rows: Sequence[int]) -> Tensor:
    index = torch.tensor(rows)
    return task.outcomes(table, index, table.mean_accuracy[index])


def _value(outcomes: Tensor, task: Task) -> float:
    return hypervolume(outcomes) if task.kind == "pareto" else float(outcomes[:, 0].max())
