from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from benchmarks.inherit import schedule
from benchmarks.inherit.comparison import Start, Student
from benchmarks.inherit.rows import Row
from benchmarks.inherit.schedule import RATIOS, missing
from benchmarks.inherit.subject import Subject
from networks import Edits
from workers.inheriting import Attempt

SEEN = {"l1": 0.3, "fpgm": 0.5, "random": 0.4}
NOBODY = cast("Subject", SimpleNamespace(space=None))
UNTRIED = Attempt((), {}, 0.0, 10_000)


@pytest.fixture(autouse=True)
def _nothing_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "students", lambda *_: [Edits((), {}, ())] * 2)
    monkeypatch.setattr(schedule, "starts", _starts)
    monkeypatch.setattr(schedule, "measured", _measured)
    monkeypatch.setattr(schedule, "trained", _trained)


def _starts(_: Subject, student: Student) -> list[Start]:
    row = Row("abc", student.ratio, student.number, ("l1",), False, None, 10_000, {}, 1.0)
    found = [replace(row, criteria=(x,), recomputed=True, seen=y) for x, y in SEEN.items()]
    return [Start(UNTRIED, each) for each in (row, *found)]


def _measured(_: Subject, __: Student, start: Start) -> Row:
    return replace(start.row, accuracy={"0": 0.1})


def _trained(_: Subject, __: Student, start: Start, epochs: int) -> Row:
    return replace(start.row, accuracy={"0": 0.1, str(epochs): 0.6}, train_s=1.0)


def _rows(known: list[Row]) -> list[Row]:
    return list(missing(NOBODY, {row.key: row for row in known}, 2, 5))


def test_each_student_is_compared_before_the_rest_is_trained() -> None:
    found = _rows([])
    students = 2 * len(RATIOS)
    compared, rest = found[: 6 * students], found[6 * students :]
    assert [row.key.trained for row in compared] == ([False] * 4 + [True] * 2) * students
    trained = [row for row in found if row.key.trained]
    assert all(row.recomputed for row in trained)
    assert [row.criteria[0] for row in compared if row.key.trained] == ["l1", "fpgm"] * students
    assert [row.criteria[0] for row in rest] == ["random"] * students
    assert [row.candidate for row in compared] == [0] * 6 * len(RATIOS) + [1] * 6 * len(RATIOS)


def test_what_the_log_has_is_left_out() -> None:
    every = _rows([])
    assert _rows(every) == []
    left = [*every[:3], *every[5:]]
    assert [row.key for row in _rows(left)] == [row.key for row in every[3:5]]
