import json

import numpy as np
import pytest
from numpy.typing import NDArray

from workers.evaluation import (
    BINS,
    LARGEST_CONFUSION,
    UNANSWERED,
    Evaluation,
    Logits,
    agreement,
    calibration_bins,
    calibration_error,
    confidences,
    evaluate,
    predictions,
)
from workers.splits import Indices


def _logits(*rows: list[float]) -> Logits:
    return np.array(rows, np.float32)


def _sure(probability: float) -> list[float]:
    """Two logits whose softmax gives the first class this probability."""
    return [float(np.log(probability / (1 - probability))), 0.0]


def _labels(*values: int) -> Indices:
    return np.array(values, np.int64)


def test_four_images_by_hand() -> None:
    # Answers 0, 0, 1 and 0 of the labels 0, 1, 1 and 0: three of four are right.
    logits = _logits(_sure(0.9), _sure(0.7), _sure(0.2), _sure(0.95))
    found = evaluate(logits, _labels(0, 1, 1, 0), _logits([1, 0], [0, 1], [0, 1], [0, 1]))
    assert (found.images, found.unanswered, found.accuracy) == (4, 0, 0.75)
    assert found.class_images == (2, 2)
    assert found.class_accuracy == (1.0, 0.5)
    assert found.confusion().tolist() == [[2, 0], [1, 1]]
    assert found.confusions.tolist() == [[0, 0, 2], [1, 0, 1], [1, 1, 1]]
    assert found.agreement == 0.5
    # Each confidence (0.9, 0.7, 0.8 and 0.95) is alone in its bin but the first and the last two.
    by_hand = (0.1 + 0.7 + 0.2 + 0.05) / 4
    assert found.calibration_error == pytest.approx(by_hand, abs=1e-7)


def test_images_of_one_bin_are_taken_together() -> None:
    # Both stand in the bin from 14/15 to 1: mean confidence 0.96, of which half is right.
    found = calibration_bins(np.array([0.94, 0.98]), np.array([True, False]))
    assert [one.images for one in found] == [0] * 14 + [2]
    assert (found[-1].low, found[-1].high) == (14 / 15, 1.0)
    assert found[-1].confidence == pytest.approx(0.96)
    assert found[-1].accuracy == 0.5
    assert (found[0].confidence, found[0].accuracy) == (None, None)
    assert calibration_error(found) == pytest.approx(0.46)


def test_a_confidence_on_an_edge_belongs_to_the_bin_below() -> None:
    edges = np.array([0.0, *(np.arange(1, BINS + 1) / BINS)])
    found = calibration_bins(edges, np.ones(BINS + 1, bool))
    assert [one.images for one in found] == [2] + [1] * (BINS - 1)


def test_bins_are_as_in_a_plain_loop() -> None:
    generator = np.random.default_rng(0)
    confidence: NDArray[np.float64] = generator.random(500)
    right = generator.random(500) < confidence
    gap = 0.0
    for i in range(BINS):
        inside = (confidence > i / BINS) & (confidence <= (i + 1) / BINS)
        if inside.any():
            gap += inside.sum() * abs(right[inside].mean() - confidence[inside].mean())
    found = calibration_bins(confidence, right)
    assert calibration_error(found) == pytest.approx(gap / 500)


def test_the_first_of_equal_logits_is_the_answer() -> None:
    logits = _logits([1, 1, 1], [0, 2, 2])
    assert predictions(logits).tolist() == [0, 1]
    assert confidences(logits) == pytest.approx([1 / 3, 1 / (2 + np.exp(-2))])


def test_an_image_without_a_largest_finite_logit_is_wrong() -> None:
    nan, infinite = float("nan"), float("inf")
    logits = _logits([nan, 1], [infinite, 0], [-infinite, -infinite], [-infinite, 3])
    assert predictions(logits).tolist() == [UNANSWERED, UNANSWERED, UNANSWERED, 1]
    assert confidences(logits).tolist() == [0, 0, 0, 1]
    found = evaluate(logits, _labels(0, 0, 1, 1), logits)
    assert (found.unanswered, found.accuracy, found.agreement) == (3, 0.25, 0.25)
    assert found.class_accuracy == (0.0, 0.5)
    assert found.confusion().tolist() == [[0, 0], [0, 1]]
    assert found.bins[0].images == 3
    assert found.calibration_error == 0  # confidence 0, and wrong: as sure as it should be
    json.dumps(found.to_json(), allow_nan=False)


def test_a_class_without_images_has_no_accuracy() -> None:
    found = evaluate(_logits([1, 0, 0], [0, 0, 1]), _labels(0, 2))
    assert found.class_accuracy == (1.0, None, 1.0)
    assert found.class_images == (1, 0, 1)


def test_one_class_is_always_right() -> None:
    found = evaluate(_logits([3], [-1]), _labels(0, 0))
    assert (found.accuracy, found.calibration_error) == (1.0, 0.0)
    assert found.confusion().tolist() == [[2]]


def test_agreement_counts_answers_alone() -> None:
    assert agreement(_labels(0, 1, 2, UNANSWERED), _labels(0, 2, 2, UNANSWERED)) == 0.5


def test_large_logits_and_many_images_are_no_trouble() -> None:
    logits = np.tile(_logits([1e30, 0], [0, 1e30]), (5000, 1))
    found = evaluate(logits, np.tile(_labels(0, 1), 5000))
    assert (found.accuracy, found.calibration_error, found.unanswered) == (1.0, 0.0, 0)
    assert found.bins[-1].images == 10_000


def test_what_is_told_of_it() -> None:
    told = _of_classes(2, teacher=True).to_json()
    assert told["confusion"] == [[1, 0], [0, 1]]
    assert told["teacher_agreement"] == 1.0
    bins = told["calibration_bins"]
    assert isinstance(bins, list)
    assert bins[0] == {
        "low": 0.0, "high": 1 / 15, "images": 0, "confidence": None, "accuracy": None
    }  # fmt: skip
    assert "teacher_agreement" not in _of_classes(2).to_json()


def test_a_matrix_of_many_classes_is_not_told() -> None:
    assert _of_classes(LARGEST_CONFUSION).to_json()["confusion"] is not None
    many = _of_classes(LARGEST_CONFUSION + 1)
    assert many.to_json()["confusion"] is None
    assert many.confusion().trace() == LARGEST_CONFUSION + 1


@pytest.mark.parametrize(
    ("logits", "labels", "teacher", "says"),
    [
        (np.zeros((0, 3), np.float32), _labels(), None, r"not \(0, 3\)"),
        (np.zeros((2, 0), np.float32), _labels(0, 0), None, r"not \(2, 0\)"),
        (_logits([1, 2]), _labels(0, 1), None, "1 rows of logits"),
        (_logits([1, 2]), _labels(2), None, "labels from 2 to 2, but logits of 2"),
        (_logits([1, 2]), _labels(-1), None, "labels from -1"),
        (_logits([1, 2]), _labels(1), _logits([1, 2, 3]), r"the teacher's \(1, 3\)"),
    ],
)
def test_what_doesn_t_match_is_refused(
    logits: Logits, labels: Indices, teacher: Logits | None, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        evaluate(logits, labels, teacher)


def _of_classes(classes: int, *, teacher: bool = False) -> Evaluation:
    logits = np.eye(classes, dtype=np.float32)
    return evaluate(logits, np.arange(classes), logits if teacher else None)
