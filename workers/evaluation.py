"""What a network's logits on labelled images tell of it.

[Guo2017] Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", ICML 2017: the
expected calibration error over 15 bins of equal width.

An image is *answered* if the largest of its logits is a finite number; its prediction is the class
of that logit, the first of equal ones. An unanswered image counts as wrong, with confidence 0; it
agrees with no other network, and stands in no cell of a confusion matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.splits import Indices

Logits = NDArray[np.float32]

BINS = 15
UNANSWERED = -1
LARGEST_CONFUSION = 100  # classes; a matrix of more is more than anybody reads
_ROWS = 4096  # whose softmax is computed at once: a large test split has gigabytes of them


@dataclass(frozen=True)
class CalibrationBin:
    """The images whose confidence lies above `low` and at most at `high` (0 is in the first bin).

    Attributes:
        low: from 0 to 1, as are all but `images`.
        high: from 0 to 1.
        images: how many.
        confidence: their mean; None without images.
        accuracy: the share of them that is right; None without images.
    """

    low: float
    high: float
    images: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True)
class Evaluation:
    """What a network is worth on labelled images; shares are from 0 to 1.

    Attributes:
        images: how many, `n`.
        unanswered: how many of them got no answer.
        accuracy: the share that is right.
        calibration_error: the mean distance of confidence and accuracy over the bins, each
            weighted by its images [Guo2017].
        bins: that it is the mean of.
        class_images: how many images each class has.
        class_accuracy: the share of each class that is right; None for a class without images.
        confusions: int64 `k x 3`: label, predicted class, how many images; only those that occur,
            by label and prediction.
        agreement: the share that the teacher answers in the same way; None of the teacher itself.
    """

    images: int
    unanswered: int
    accuracy: float
    calibration_error: float
    bins: tuple[CalibrationBin, ...]
    class_images: tuple[int, ...]
    class_accuracy: tuple[float | None, ...]
    confusions: NDArray[np.int64]
    agreement: float | None

    def confusion(self) -> NDArray[np.int64]:
        """Returns how many images of each label (rows) got each prediction, `classes x classes`."""
        classes = len(self.class_images)
        matrix = np.zeros((classes, classes), np.int64)
        labels, predicted, images = self.confusions.T
        matrix[labels, predicted] = images
        return matrix

    def to_json(self) -> dict[str, object]:
        """Returns JSON values; the confusion matrix only of up to `LARGEST_CONFUSION` classes."""
        small = len(self.class_images) <= LARGEST_CONFUSION
        told: dict[str, object] = {
            "images": self.images,
            "unanswered": self.unanswered,
            "accuracy": self.accuracy,
            "calibration_error": self.calibration_error,
            "calibration_bins": [vars(one) for one in self.bins],
            "class_images": list(self.class_images),
            "class_accuracy": list(self.class_accuracy),
            "confusion": self.confusion().tolist() if small else None,
        }
        return told if self.agreement is None else {**told, "teacher_agreement": self.agreement}


def evaluate(logits: Logits, labels: Indices, teacher: Logits | None = None) -> Evaluation:
    """Returns what logits are worth.

    Args:
        logits: `n x classes`.
        labels: int64 `n`, from 0 to classes - 1.
        teacher: the teacher's logits of the same images, `n x classes`.

    Raises:
        ValueError: there is no image or no class, the shapes don't match, or a label is no class.
    """
    _expect_matching(logits, labels, teacher)
    classes = logits.shape[1]
    predicted, confidence = predictions(logits), confidences(logits)
    right = predicted == labels
    class_images = np.bincount(labels, minlength=classes)
    class_right = np.bincount(labels[right], minlength=classes)
    bins = calibration_bins(confidence, right)
    return Evaluation(
        images=len(labels),
        unanswered=int((predicted == UNANSWERED).sum()),
        accuracy=float(right.mean()),
        calibration_error=calibration_error(bins),
        bins=bins,
        class_images=tuple(class_images.tolist()),
        class_accuracy=tuple(
            None if n == 0 else k / n
            for k, n in zip(class_right.tolist(), class_images.tolist(), strict=True)
        ),
        confusions=_confusions(labels, predicted, classes),
        agreement=None if teacher is None else agreement(predicted, predictions(teacher)),
    )


def predictions(logits: Logits) -> Indices:
    """Returns the predicted class of each image, int64 `n`; `UNANSWERED` where there is none."""
    answered = np.isfinite(logits.max(axis=1))  # the largest of any NaN is NaN
    return np.where(answered, logits.argmax(axis=1), UNANSWERED).astype(np.int64)


def confidences(logits: Logits) -> NDArray[np.float64]:
    """Returns the softmax of each image's largest logit, `n`; 0 where it isn't answered."""
    found = np.zeros(len(logits))
    for start in range(0, len(logits), _ROWS):
        rows = logits[start : start + _ROWS].astype(np.float64)
        largest = rows.max(axis=1, keepdims=True)
        answered = np.isfinite(largest[:, 0])
        total = np.exp(rows[answered] - largest[answered]).sum(axis=1)
        found[start : start + _ROWS][answered] = 1 / total
    return found


def calibration_bins(
    confidence: NDArray[np.float64], right: NDArray[np.bool_]
) -> tuple[CalibrationBin, ...]:
    """Returns the `BINS` bins of equal width of images by their confidence [Guo2017]."""
    edges = np.arange(BINS + 1) / BINS
    number = np.searchsorted(edges[1:-1], confidence, side="left")
    images = np.bincount(number, minlength=BINS).tolist()
    sure = np.bincount(number, weights=confidence, minlength=BINS).tolist()
    hits = np.bincount(number, weights=right, minlength=BINS).tolist()
    return tuple(
        CalibrationBin(
            low=float(edges[i]),
            high=float(edges[i + 1]),
            images=images[i],
            confidence=sure[i] / images[i] if images[i] else None,
            accuracy=hits[i] / images[i] if images[i] else None,
        )
        for i in range(BINS)
    )


def calibration_error(bins: Sequence[CalibrationBin]) -> float:
    """Returns the mean of `|accuracy - confidence|`, weighted by the bins' images [Guo2017]."""
    total = sum(one.images for one in bins)
    gaps = (
        one.images * abs(one.accuracy - one.confidence)
        for one in bins
        if one.accuracy is not None and one.confidence is not None
    )
    return sum(gaps) / total


def agreement(one: Indices, other: Indices) -> float:
    """Returns the share of images that both predict alike (int64 `n` each), and answer at all."""
    return float(((one == other) & (one != UNANSWERED)).mean())


def _confusions(labels: Indices, predicted: Indices, classes: int) -> NDArray[np.int64]:
    answered = predicted != UNANSWERED
    pairs = labels[answered] * classes + predicted[answered]
    found, images = np.unique(pairs, return_counts=True)
    return np.stack([found // classes, found % classes, images], axis=1).astype(np.int64)


def _expect_matching(logits: Logits, labels: Indices, teacher: Logits | None) -> None:
    if logits.ndim != 2 or logits.size == 0:
        raise ValueError(f"logits of n images x classes are wanted, not {logits.shape}")
    if labels.shape != logits.shape[:1]:
        raise ValueError(f"{len(logits)} rows of logits, but labels of shape {labels.shape}")
    if labels.min() < 0 or labels.max() >= logits.shape[1]:
        span = f"from {labels.min()} to {labels.max()}"
        raise ValueError(f"labels {span}, but logits of {logits.shape[1]} classes")
    if teacher is not None and teacher.shape != logits.shape:
        raise ValueError(f"logits of shape {logits.shape}, but the teacher's {teacher.shape}")
