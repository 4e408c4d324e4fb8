"""The rows that a search may still ask for, and which row a proposal means."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from benchmarks.search.tasks import Task
from benchmarks.tables import Table
from embedding import derive_seed


class NoRowLeft(LookupError):
    """Raised when a search is asked for more rows than its task allows."""


class Rows:
    """Keeps what was asked for; every row is given once.

    Args:
        table: What is searched.
        task: Says which rows are allowed.
        seed: Of the draws.
    """

    def __init__(self, table: Table, task: Task, seed: int) -> None:
        self._choices = table.choices
        self._free = task.allowed(table)
        rows = zip(map(tuple, table.choices.tolist()), table.first.tolist(), strict=True)
        self._row_of: dict[tuple[int, ...], int] = dict(rows)
        self._draws = torch.Generator().manual_seed(derive_seed(seed, "rows", 0))
        sizes = torch.tensor(table.cardinalities, dtype=torch.float64)
        self._steps = (sizes - 1).clamp(min=1)
        self._ordinal = torch.tensor(table.ordinal)

    def find(self, choices: Sequence[int]) -> int | None:
        """Returns the first row with the network of `d` choices, if the table has it."""
        return self._row_of.get(tuple(choices))

    def is_free(self, row: int) -> bool:
        """Returns whether the row is allowed and was not asked for."""
        return bool(self._free[row])

    def left(self) -> Tensor:
        """Returns the rows that may still be asked for.

        Raises:
            NoRowLeft: If there is none.
        """
        rows = self._free.nonzero().squeeze(1)
        if not len(rows):
            raise NoRowLeft("every allowed row was asked for")
        return rows

    def take(self, row: int) -> int:
        """Returns the row, which is asked for from now on."""
        if not self._free[row]:
            raise ValueError(f"row {row} is not allowed or was asked for before")
        self._free[row] = False
        return row

    def draw(self) -> int:
        """Returns a random row that may be asked for, without taking it."""
        rows = self.left()
        return int(rows[self.integer(len(rows))])

    def integer(self, below: int) -> int:
        """Returns a random number from 0 to `below` - 1."""
        return int(torch.randint(below, (1,), generator=self._draws))

    def nearest(self, choices: Sequence[int]) -> int:
        """Returns the row nearest to `d` choices that may be asked for, without taking it.

        A kind that differs counts 1, a size the part of its range by which it differs; of equally
        near rows one is drawn.
        """
        rows = self.left()
        apart = (self._choices[rows] - torch.tensor(choices)).abs().double()
        distance = torch.where(self._ordinal, apart / self._steps, (apart > 0).double()).sum(1)
        nearest = rows[distance <= distance.min() + 1e-9]
        return int(nearest[self.integer(len(nearest))])
