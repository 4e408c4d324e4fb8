import pytest

from app.requests import SearchRequest
from workers.asking import MOST_AT_ONCE, waiting_trials, wanted_trials


def _search(parallel: int, max_wall_s: float | None = None) -> SearchRequest:
    return SearchRequest(parallel=parallel, max_wall_s=max_wall_s)


@pytest.mark.parametrize(("parallel", "waiting"), [(1, 0), (2, 0), (15, 0), (16, 1), (50, 3)])
def test_trials_wait_where_there_are_many_workers(parallel: int, waiting: int) -> None:
    assert waiting_trials(_search(parallel)) == waiting


def test_none_waits_that_a_limit_of_time_might_leave_behind() -> None:
    assert waiting_trials(_search(50, max_wall_s=60.0)) == 0


def test_the_free_workers_are_given_trials_a_few_at_a_time() -> None:
    assert wanted_trials(missing=100, room=2, waiting=0) == 2
    assert wanted_trials(missing=100, room=2, waiting=3) == 5
    assert wanted_trials(missing=100, room=50, waiting=3) == MOST_AT_ONCE


def test_nothing_is_asked_for_while_enough_wait() -> None:
    assert wanted_trials(missing=100, room=0, waiting=0) == 0
    assert wanted_trials(missing=100, room=0, waiting=-2) == 0


def test_no_more_are_asked_for_than_are_to_be_tried() -> None:
    assert wanted_trials(missing=2, room=0, waiting=3) == 2
    assert wanted_trials(missing=0, room=5, waiting=3) == 0
