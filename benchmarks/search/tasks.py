"""What is searched for in a table: the best score, the best accuracy under a limit, a Pareto set.

[Ashok2018] A. Ashok, N. Rhinehart, F. Beainy, K. Kitani. N2N learning: network to network
    compression via policy gradient reinforcement learning. ICLR 2018.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import torch
from torch import Tensor

from benchmarks.tables import Table


@dataclass(frozen=True)
class Task:
    """What a search maximises, and the rows that it may evaluate.

    Attributes:
        params_ratio: The most parameters that a network may have, as a fraction of the teacher's.
    """

    name: str
    kind: Literal["score", "accuracy", "pareto"]
    params_ratio: float | None = None

    @property
    def outcomes_count(self) -> int:
        """How many outcomes there are: two for a Pareto set, else one."""
        return 2 if self.kind == "pareto" else 1

    def allowed(self, table: Table) -> Tensor:
        """Returns whether each row may be evaluated: `n` booleans.

        The teacher may not, and of rows with one network the first stands for all.
        """
        allowed = table.first == torch.arange(len(table))
        allowed[table.teacher] = False
        return allowed if self.params_ratio is None else allowed & (self.excess(table) <= 0)

    def excess(self, table: Table) -> Tensor:
        """Returns how far each row's parameters are above the limit: `n`, in the teacher's.

        Without a limit nothing is: all zero.
        """
        if self.params_ratio is None:
            return torch.zeros(len(table), dtype=torch.float64)
        return table.params / table.params[table.teacher] - self.params_ratio

    def outcomes(self, table: Table, rows: Tensor, accuracy: Tensor) -> Tensor:
        """Returns what is maximised, of `m` rows.

        Args:
            table: Of the rows.
            rows: `m`.
            accuracy: Of these rows, fractions: `m`.

        Returns:
            `m x 1`: the score C(2 - C) A / A_teacher with C = 1 - params / params_teacher
            [Ashok2018], or the accuracy; for a Pareto set `m x 2`: the accuracy, and 1 - MACs over
            the teacher's.
        """
        if self.kind == "accuracy":
            return accuracy.unsqueeze(1)
        if self.kind == "pareto":
            saved = 1 - table.macs[rows].double() / table.macs[table.teacher]
            return torch.stack([accuracy, saved], dim=1)
        compression = 1 - table.params[rows].double() / table.params[table.teacher]
        relative = accuracy / table.mean_accuracy[table.teacher]
        return (compression * (2 - compression) * relative).unsqueeze(1)

    def outcomes_of(self, table: Table, row: int, accuracy: float) -> Tensor:
        """Returns what is maximised, of one row of the accuracy told: `1 x 1` or `1 x 2`."""
        told = torch.tensor([accuracy], dtype=torch.float64)
        return self.outcomes(table, torch.tensor([row]), told)

    def teacher_outcomes(self, table: Table) -> Tensor:
        """Returns the teacher's, which every search may know: `1 x 1` or `1 x 2`."""
        return self.outcomes_of(table, table.teacher, float(table.mean_accuracy[table.teacher]))


TASKS: Mapping[str, Task] = MappingProxyType(
    {
        task.name: task
        for task in (
            Task("score", "score"),
            Task("accuracy-25", "accuracy", 0.25),
            Task("accuracy-10", "accuracy", 0.10),
            Task("pareto", "pareto"),
        )
    }
)
