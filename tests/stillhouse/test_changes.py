from __future__ import annotations

import pytest

from stillhouse.changes import Changes
from stillhouse.errors import Refused


class Watched:
    """Something whose server answers as a test says, after some seconds."""

    def __init__(self, answers: list[tuple[float, bool | Refused]], *, tagged: bool = True) -> None:
        self.is_tagged = tagged
        self.answers = answers
        self.asked: list[int] = []
        self.now = 0.0

    def changed(self, within_s: int) -> bool:
        self.asked.append(within_s)
        held_s, answer = self.answers.pop(0)
        self.now += held_s
        if isinstance(answer, Refused):
            raise answer
        return answer

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def changes(self) -> Changes:
        return Changes(self, self.sleep, lambda: self.now, 0.5)


def test_the_server_holds_its_answer() -> None:
    watched = Watched([(3.0, True), (25.0, False)])
    changes = watched.changes()
    assert changes.await_next(60.0)
    assert not changes.await_next(60.0)
    assert (watched.asked, watched.now) == ([25, 25], 28.0)


def test_one_that_answers_at_once_is_asked_after_a_pause() -> None:
    watched = Watched([(0.0, False), (0.0, True)])
    assert watched.changes().await_next(60.0)
    assert (watched.asked, watched.now) == ([25, 0], 0.5)


def test_one_without_tags_is_asked_after_a_pause() -> None:
    watched = Watched([(0.0, True)], tagged=False)
    assert watched.changes().await_next(60.0)
    assert (watched.asked, watched.now) == ([0], 0.5)


def test_other_refusals_are_told() -> None:
    with pytest.raises(Refused):
        Watched([(0.0, Refused(404, {"title": "Not found"}))]).changes().await_next(60.0)


def test_within_no_time_the_caller_waits() -> None:
    watched = Watched([(0.0, False)])
    assert not watched.changes().await_next(0.0)
    assert (watched.asked, watched.now) == ([0], 0.5)
