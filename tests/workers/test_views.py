import numpy as np
import pytest
import torch

from app.requests import JobRequest
from workers import views
from workers.views import ENOUGH_VIEWS, LEAST_VIEWS, view_count, view_of_epoch, view_shifts


def _request(evaluations: int = 40, **training: int) -> JobRequest:
    return JobRequest.model_validate(
        {
            "teacher": {"network": "zoo/resnet20"},
            "dataset": {"id": "dst_1"},
            "search": {"evaluations": evaluations},
            "training": training,
        }
    )


def test_a_view_is_the_same_wherever_it_is_drawn_and_no_other() -> None:
    first, again, other = (view_shifts(view, 50, (32, 32)) for view in (3, 3, 4))
    assert torch.equal(first.top, again.top)
    assert torch.equal(first.left, again.left)
    assert torch.equal(first.mirrored, again.mirrored)
    assert not torch.equal(first.top, other.top)


def test_epochs_take_the_views_in_turn() -> None:
    assert [view_of_epoch(epoch, 3) for epoch in range(1, 8)] == [0, 1, 2, 0, 1, 2, 0]


def test_no_more_views_than_the_longest_training_has_epochs() -> None:
    assert view_count(_request(search_epochs=3, final_epochs=2), 1000, 10) == 3
    assert view_count(_request(search_epochs=2, final_epochs=7), 1000, 10) == 7


def test_a_long_training_sees_views_again() -> None:
    assert view_count(_request(search_epochs=5, final_epochs=300), 1000, 10) == ENOUGH_VIEWS


def test_views_cost_at_most_half_of_what_they_save() -> None:
    few = _request(evaluations=1, search_epochs=6, final_epochs=1, final_students=1)
    assert view_count(few, 1000, 10) == 3
    one = _request(evaluations=1, search_epochs=6, final_epochs=6, final_students=9)
    assert view_count(one, 1000, 10) == 6
    least = _request(evaluations=1, search_epochs=1, final_epochs=1, final_students=1)
    assert view_count(least, 1000, 10) == 1


@pytest.mark.parametrize(
    ("fitting", "expected"), [(100, ENOUGH_VIEWS), (7, 7), (LEAST_VIEWS, LEAST_VIEWS), (4, None)]
)
def test_views_that_do_not_fit_into_memory_are_not_computed(
    fitting: int, expected: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, classes = 1000, 10
    view_bytes = np.zeros((images, classes), np.float16).nbytes
    monkeypatch.setattr(views, "LOGITS_BYTES", fitting * view_bytes + 1)
    assert view_count(_request(), images, classes) == expected


def test_a_short_training_needs_no_more_than_its_own_views(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(views, "LOGITS_BYTES", 2 * 1000 * 10 * 2)
    assert view_count(_request(search_epochs=2, final_epochs=2), 1000, 10) == 2
