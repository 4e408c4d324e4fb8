from __future__ import annotations

import pytest

from benchmarks.search.rows import NoRowLeft, Rows
from benchmarks.search.tasks import TASKS
from tests.benchmarks.made_up_table import made_up_table


def test_a_row_is_taken_once() -> None:
    table = made_up_table()
    rows = Rows(table, TASKS["score"], seed=0)
    row = rows.find([0, 1, 2])
    assert row is not None
    assert table.choices[row].tolist() == [0, 1, 2]
    assert rows.take(row) == row
    with pytest.raises(ValueError, match="asked for before"):
        rows.take(row)
    assert row not in rows.left().tolist()


def test_no_row_has_unknown_choices() -> None:
    assert Rows(made_up_table(), TASKS["score"], seed=0).find([2, 1, 9]) is None


def test_the_nearest_row_differs_in_a_size_by_a_step() -> None:
    table = made_up_table((3, 2, 4))
    rows = Rows(table, TASKS["score"], seed=0)
    wanted = rows.find([1, 1, 3])
    assert wanted is not None
    assert rows.nearest([1, 1, 3]) == wanted
    rows.take(wanted)
    # Another kind, or the other of two sizes, is 1 away; the next of four sizes a third.
    assert table.choices[rows.nearest([1, 1, 3])].tolist() == [1, 1, 2]


def test_there_is_an_end() -> None:
    table = made_up_table((2, 2))
    rows = Rows(table, TASKS["score"], seed=0)
    drawn = {rows.take(rows.draw()) for _ in range(3)}
    assert drawn == {0, 1, 2}
    with pytest.raises(NoRowLeft):
        rows.draw()
