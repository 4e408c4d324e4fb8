"""Rows in random order, each with the same probability."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.search.rows import Rows
from benchmarks.search.tasks import Task
from benchmarks.tables import Table


class RandomSearch:
    """Asks for the starting rows, then for any others."""

    def __init__(self, table: Table, task: Task, seed: int, start: Sequence[int]) -> None:
        self._rows = Rows(table, task, seed)
        self._start = list(start)

    def ask(self) -> int:
        """Returns the next row."""
        row = self._start.pop(0) if self._start else self._rows.draw()
        return self._rows.take(row)

    def tell(self, row: int, accuracy: float) -> None:
        """Learns nothing."""
