from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.requests import TrainingRequest
from workers import recipe_hash as module
from workers.precision import Precision
from workers.recipe_hash import recipe_hash, teacher_hash, weights_hash
from workers.splits import Splits
from workers.teacher import Arrays, Teacher

WEIGHTS = {"a": np.arange(4, dtype=np.float32), "b": np.zeros((2, 2), np.float32)}
TEACHER = Teacher("{}", WEIGHTS, Precision(), 8)
SPLITS = Splits(np.array([0, 1]), np.array([2]), np.array([3]))
PARTS: dict[str, Any] = {
    "teacher": TEACHER,
    "content": "c",
    "splits": SPLITS,
    "preprocessing": {"scale": 16.0, "mean": [0.5]},
    "training": TrainingRequest(),
}


def _hash(**changes: object) -> str:
    return recipe_hash(**(PARTS | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"teacher": replace(TEACHER, architecture='{"other": 1}')},
        {"teacher": replace(TEACHER, weights=WEIGHTS | {"a": np.arange(1, 5, dtype=np.float32)})},
        {"teacher": replace(TEACHER, precision=Precision("bfloat16"))},
        {"teacher": replace(TEACHER, precision=Precision(device="cuda"))},
        {"content": "d"},
        {"splits": replace(SPLITS, train=np.array([0]))},
        {"splits": replace(SPLITS, validation=np.array([4]))},
        {"preprocessing": {"scale": 255.0, "mean": [0.5]}},
        {"training": TrainingRequest(search_epochs=6)},
        {"training": TrainingRequest(loss="kl")},
        {"training": TrainingRequest(temperature=2.0)},
        {"training": TrainingRequest(hard_labels=0.5)},
        {"training": TrainingRequest(ema=0.9)},
        {"teacher": replace(TEACHER, logits=np.zeros((1, 2, 2), np.float16))},
    ],
)
def test_whatever_changes_a_result_changes_the_hash(changes: dict[str, object]) -> None:
    assert _hash(**changes) != _hash()


@pytest.mark.parametrize(
    "changes",
    [
        {"teacher": replace(TEACHER, precision=Precision(step_ms={"x": 1.0}, teacher_threads=4))},
        {"teacher": replace(TEACHER, precision=Precision(layout="channels_last"))},
        {"teacher": replace(TEACHER, weights=dict(reversed(WEIGHTS.items())))},
        {"teacher": replace(TEACHER, round_to=1)},
        {"preprocessing": {"mean": [0.5], "scale": 16.0}},
        {"training": TrainingRequest(final_epochs=7, final_students=3, teacher_epochs=9)},
        {"training": TrainingRequest(label_smoothing=0.1)},  # of the teacher, which has its weights
    ],
)
def test_what_doesn_t_change_a_result_doesn_t_change_the_hash(changes: dict[str, object]) -> None:
    assert _hash(**changes) == _hash()


def test_smoothing_counts_where_students_learn_from_labels() -> None:
    hashes = [
        _hash(training=TrainingRequest(hard_labels=0.5, label_smoothing=smoothing))
        for smoothing in (0.0, 0.1)
    ]
    assert hashes[0] != hashes[1]


def test_views_that_no_trial_of_the_search_sees_count_for_nothing() -> None:
    training = TrainingRequest(search_epochs=2)
    teachers = [replace(TEACHER, logits=np.zeros((views, 2, 2), np.float16)) for views in (1, 2, 9)]
    one, two, nine = (_hash(teacher=teacher, training=training) for teacher in teachers)
    assert one != two == nine


def test_weights_are_told_apart_by_name_type_and_shape() -> None:
    zeros = np.zeros(4, np.float32)
    others: list[Arrays] = [
        {"b": zeros},
        {"a": zeros.reshape(2, 2)},
        {"a": zeros.astype(np.float64)[:2]},
    ]
    hashes = {weights_hash(weights) for weights in [{"a": zeros}, *others]}
    assert len(hashes) == 4


def test_another_version_is_another_teacher_s(monkeypatch: pytest.MonkeyPatch) -> None:
    before = teacher_hash(TEACHER, "content", SPLITS, {})
    monkeypatch.setattr(module, "VERSION", module.VERSION + 1)
    assert teacher_hash(TEACHER, "content", SPLITS, {}) != before
