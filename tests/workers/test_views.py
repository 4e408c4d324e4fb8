from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from app.artifacts import Artifacts
from app.requests import JobRequest
from workers import checkpoints, views
from workers.checkpoints import CheckpointPlace
from workers.views import (
    ENOUGH_VIEWS,
    LEAST_VIEWS,
    kept_logits,
    view_count,
    view_of_epoch,
    view_shifts,
)


def _request(evaluations: int = 40, **training: int) -> JobRequest:
    return JobRequest.model_validate(
        {
            "teacher": {"network": "zoo/resnet20"},
            "dataset": {"id": "dst_1"},
            "search": {"evaluations": evaluations},
            "training": training,
        }
    )


def _count(request: JobRequest, images: int, classes: int) -> int | None:
    return view_count(request, images, classes, augmented=True)


def test_a_view_is_the_same_wherever_it_is_drawn_and_no_other() -> None:
    first, again, other = (view_shifts(view, 50, (32, 32)) for view in (3, 3, 4))
    assert torch.equal(first.top, again.top)
    assert torch.equal(first.left, again.left)
    assert torch.equal(first.mirrored, again.mirrored)
    assert not torch.equal(first.top, other.top)


def test_epochs_take_the_views_in_turn() -> None:
    assert [view_of_epoch(epoch, 3) for epoch in range(1, 8)] == [0, 1, 2, 0, 1, 2, 0]


def test_no_more_views_than_the_longest_training_has_epochs() -> None:
    assert _count(_request(search_epochs=3, final_epochs=2), 1000, 10) == 3
    assert _count(_request(search_epochs=2, final_epochs=7), 1000, 10) == 7


def test_a_long_training_sees_views_again() -> None:
    assert _count(_request(search_epochs=5, final_epochs=300), 1000, 10) == ENOUGH_VIEWS


def test_views_cost_at_most_half_of_what_they_save() -> None:
    few = _request(evaluations=1, search_epochs=6, final_epochs=1, final_students=1)
    assert _count(few, 1000, 10) == 3
    one = _request(evaluations=1, search_epochs=6, final_epochs=6, final_students=9)
    assert _count(one, 1000, 10) == 6
    least = _request(evaluations=1, search_epochs=1, final_epochs=1, final_students=1)
    assert _count(least, 1000, 10) == 1


@pytest.mark.parametrize(
    ("fitting", "expected"), [(100, ENOUGH_VIEWS), (7, 7), (LEAST_VIEWS, LEAST_VIEWS), (4, None)]
)
def test_views_that_do_not_fit_into_memory_are_not_computed(
    fitting: int, expected: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, classes = 1000, 10
    view_bytes = np.zeros((images, classes), np.float16).nbytes
    monkeypatch.setattr(views, "LOGITS_BYTES", fitting * view_bytes + 1)
    assert _count(_request(), images, classes) == expected


def test_a_short_training_needs_no_more_than_its_own_views(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(views, "LOGITS_BYTES", 2 * 1000 * 10 * 2)
    assert _count(_request(search_epochs=2, final_epochs=2), 1000, 10) == 2


@pytest.mark.parametrize(("fits", "expected"), [(True, 1), (False, None)])
def test_images_that_are_not_augmented_have_one_view_if_it_fits_into_memory(
    fits: bool, expected: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = np.zeros((1000, 10), np.float32).nbytes
    monkeypatch.setattr(views, "LOGITS_BYTES", exact if fits else exact - 1)
    assert view_count(_request(), 1000, 10, augmented=False) == expected


@pytest.fixture
def place(tmp_path: Path) -> CheckpointPlace:
    return CheckpointPlace(f"file://{tmp_path}", "jobs/job_1/checkpoints/view", "recipe")


class Asked:
    """A teacher that counts how often it was asked, and answers differently each time."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> "np.ndarray[tuple[int, int], np.dtype[np.float16]]":
        self.times += 1
        return np.random.default_rng(self.times).normal(size=(50, 3)).astype(np.float16)


def test_the_teacher_is_asked_once_for_each_view_however_often_the_job_is_taken_up(
    place: CheckpointPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "LEAST_S", 0.0)
    ask = Asked()
    first, other = (kept_logits(place, view, ask) for view in range(2))
    again = [kept_logits(place, view, ask) for view in range(2)]
    assert ask.times == 2
    assert np.array_equal(again, [first, other])
    assert not np.array_equal(first, other)
    assert again[0].dtype == np.float16


def test_logits_of_another_teacher_or_damaged_ones_are_not_taken(
    place: CheckpointPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "LEAST_S", 0.0)
    ask, store = Asked(), Artifacts(place.url)
    kept_logits(place, 0, ask)
    kept_logits(replace(place, recipe="another teacher"), 0, ask)
    assert ask.times == 2
    data = store.read_bytes(f"{place.key}-0")
    store.put_bytes(f"{place.key}-0", data[:-1] + bytes([data[-1] ^ 1]))
    kept_logits(replace(place, recipe="another teacher"), 0, ask)
    assert ask.times == 3


def test_what_is_soon_computed_is_not_kept(place: CheckpointPlace) -> None:
    ask = Asked()
    kept_logits(place, 0, ask)
    assert not Artifacts(place.url).exists(f"{place.key}-0")
    kept_logits(None, 0, ask)
    assert ask.times == 2
