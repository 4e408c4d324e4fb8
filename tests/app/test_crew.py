import os
from pathlib import Path

import pytest

from app.crew import Crew, Roll


def _crew(size: int) -> list[Crew]:
    roll = Roll(size)
    return [Crew(number, size, Path(), roll) for number in range(1, size + 1)]


@pytest.mark.parametrize(
    ("size", "total", "shares"),
    [(1, 8, [8]), (2, 8, [4, 4]), (3, 8, [3, 3, 2]), (2, 1, [1, 1]), (4, 2, [1, 1, 1, 1])],
)
def test_what_there_may_be_is_shared_out(size: int, total: int, shares: list[int]) -> None:
    assert [one.share(total) for one in _crew(size)] == shares


def test_the_roll_has_those_who_are_there_the_parent_first() -> None:
    roll = Roll(3)
    assert roll.pids() == []
    for number, pid in ((2, 7), (0, 2**31 - 1), (3, 9)):
        roll.enter(number, pid)
    assert roll.pids() == [2**31 - 1, 7, 9]
    roll.enter(2, 0)
    assert roll.pids() == [2**31 - 1, 9]


def test_forks_see_who_comes_later() -> None:
    roll = Roll(1)
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        os.read(ours, 1)
        os._exit(0 if roll.pids() == [5] else 1)
    roll.enter(1, 5)
    os.write(theirs, b".")
    assert os.waitpid(child, 0)[1] == 0
    os.close(ours)
    os.close(theirs)
