"""Regularised evolution: the oldest dies, whatever its value.

[Real2019] E. Real, A. Aggarwal, Y. Huang, Q. V. Le. Regularized evolution for image classifier
    architecture search. AAAI 2019.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import torch

from benchmarks.search.pareto import non_dominated
from benchmarks.search.rows import Rows
from benchmarks.search.tasks import Task
from benchmarks.tables import Table

# The paper's 100 members are more than the 80 evaluations that there are. Sixteen leave four
# times as many children as there are first members; a quarter of the population is in each
# tournament, as the paper has it.
POPULATION = 16
TOURNAMENT = 4
# A parent whose neighbours were all evaluated, or aren't allowed, has no child.
TRIES = 100


class RegularisedEvolution:
    """The winner of a tournament gets a child that differs from it in one choice [Real2019].

    A child that was evaluated before or isn't allowed is drawn again, from a new tournament; after
    `TRIES` draws the nearest row that may be asked for is the child. Of a Pareto set's
    tournament, one of those that no other beats in both outcomes wins.
    """

    def __init__(self, table: Table, task: Task, seed: int, start: Sequence[int]) -> None:
        self._table, self._task = table, task
        self._rows = Rows(table, task, seed)
        self._start = list(start[:POPULATION])
        self._living: deque[tuple[int, list[float]]] = deque(maxlen=POPULATION)

    def ask(self) -> int:
        """Returns a starting row, or a child."""
        return self._rows.take(self._start.pop(0) if self._start else self._child())

    def tell(self, row: int, accuracy: float) -> None:
        """Adds the row to the living; the oldest makes room for it."""
        (outcomes,) = self._task.outcomes_of(self._table, row, accuracy).tolist()
        self._living.append((row, outcomes))

    def _child(self) -> int:
        if not self._living:
            return self._rows.draw()
        for _ in range(TRIES):
            choices = self._mutated(self._winner())
            row = self._rows.find(choices)
            if row is not None and self._rows.is_free(row):
                return row
        return self._rows.nearest(choices)

    def _winner(self) -> int:
        drawn = [self._living[self._rows.integer(len(self._living))] for _ in range(TOURNAMENT)]
        best = non_dominated(torch.tensor([x for _, x in drawn])).nonzero().squeeze(1)
        return drawn[int(best[self._rows.integer(len(best))])][0]

    def _mutated(self, row: int) -> list[int]:
        choices: list[int] = self._table.choices[row].tolist()
        several = [j for j, x in enumerate(self._table.cardinalities) if x > 1]
        if several:
            column = several[self._rows.integer(len(several))]
            size = self._table.cardinalities[column]
            choices[column] = (choices[column] + 1 + self._rows.integer(size - 1)) % size
        return choices
