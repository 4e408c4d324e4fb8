from __future__ import annotations

import itertools
import json
from collections.abc import Sequence

import pytest

from benchmarks.search.runs import Run, evaluate, recorded_accuracy, starting_rows
from benchmarks.search.tasks import TASKS, Task
from benchmarks.tables import Table
from tests.benchmarks.made_up_table import made_up_table

RUN = Run("t", "score", "random", 3, 2, "v", "f", (4, 1), (0.5, 0.25), (0.1, 0.2))


class Scripted:
    """Asks for given rows and keeps what it is told."""

    def __init__(self, rows: Sequence[int]) -> None:
        self.rows, self.told = list(rows), list[tuple[int, float]]()

    def __call__(
        self,
        table: Table,
        task: Task,
        seed: int,
        start: Sequence[int],
    ) -> Scripted:
        self.began = (table, task, seed, start)
        return self

    def ask(self) -> int:
        return self.rows.pop(0)

    def tell(self, row: int, accuracy: float) -> None:
        self.told.append((row, accuracy))


def test_a_search_is_told_one_recorded_run_of_each_row() -> None:
    table, method = made_up_table(), Scripted([5, 2, 9])
    ticks = itertools.count()
    rows, observed, propose_s = evaluate(
        table, TASKS["score"], 0, 3, method, clock=lambda: float(next(ticks))
    )
    assert rows == [5, 2, 9]
    assert method.told == list(zip(rows, observed, strict=True))
    assert all(y in table.accuracy[x].tolist() for x, y in method.told)
    assert propose_s == [1.0, 1.0, 1.0]


def test_searches_of_a_seed_are_told_the_same() -> None:
    table = made_up_table()
    drawn = {tuple(recorded_accuracy(table, seed, x) for x in range(20)) for seed in (0, 0, 1)}
    assert len(drawn) == 2
    runs = {table.accuracy[x].tolist().index(recorded_accuracy(table, 0, x)) for x in range(20)}
    assert runs == {0, 1, 2}


@pytest.mark.parametrize("rows", [[3, 3], [3, 23]])
def test_a_row_that_may_not_be_asked_for_ends_the_run(rows: list[int]) -> None:
    table = made_up_table()
    assert table.teacher == 23
    with pytest.raises(ValueError, match=f"row {rows[1]}"):
        evaluate(table, TASKS["score"], 0, 5, Scripted(rows))


def test_starting_rows_are_allowed_and_distinct() -> None:
    table, task = made_up_table((3, 4, 4, 4)), TASKS["accuracy-25"]
    rows = starting_rows(table, task, 7)
    assert len(set(rows)) == len(rows) == 20
    assert task.allowed(table)[rows].all()
    assert rows == starting_rows(table, task, 7) != starting_rows(table, task, 8)


def test_a_run_is_read_as_it_was_written() -> None:
    assert Run.from_json(json.loads(json.dumps(RUN.to_json()))) == RUN


@pytest.mark.parametrize(
    "change", [{"rows": [1]}, {"rows": ["a", "b"]}, {"more": 1}, {"rows": [], "observed": []}]
)
def test_what_is_no_run_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not a run"):
        Run.from_json({**RUN.to_json(), **change})
