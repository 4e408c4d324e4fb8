"""Which classes the student takes for which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from workers.evaluation import Evaluation
from workers.report_page.chart import picture, text
from workers.report_page.classes_chart import MOST_CLASSES, name_of
from workers.report_page.figures import percent, shortened
from workers.report_page.markup import Markup, number, tag

_MOST_FIGURES = 14  # classes, beyond which a cell is too small for its number
_LEFT, _TOP, _SIDE = 86, 8, 360
_LEVEL, _TURNED = 42, 84  # pixels below for the names
_LONGEST_NAME, _LETTER = 11, 7  # letters, and the pixels that one takes
_MUCH = 0.15  # of a class taken for another: what is less is never dark
_FAINTEST = 0.12  # opacity of a cell with a single image
_DARK = 0.6  # opacity from which on a number is written in the ground's colour
MOST_PAIRS = 15

Pair = tuple[int, int, int]
"""A label, the class that it was taken for, and of how many images."""


def confusion_chart(names: Sequence[str], student: Evaluation) -> Markup | None:
    """Returns the confusion matrix of up to `MOST_CLASSES` classes; None of more."""
    classes = len(student.class_images)
    if classes > MOST_CLASSES:
        return None
    matrix, side = student.confusion(), _SIDE / classes
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    wrong = shares - np.diag(np.diag(shares))
    most = max(float(wrong.max()), _MUCH)
    shown = [name_of(names, n) for n in range(classes)]
    shade = np.where(np.eye(classes, dtype=bool), shares, np.sqrt(wrong / most))
    turned = max(len(name) for name in shown) * _LETTER > side
    height = _TOP + _SIDE + (_TURNED if turned else _LEVEL)
    return picture(
        "confusion",
        ("Confusion matrix", _description(names, student)),
        (_LEFT + _SIDE + 10, height),
        *_names(shown, side, turned),
        *_cells(shown, matrix, shade),
        text(_LEFT + _SIDE / 2, height - 4, "the student's answer", "label", "middle"),
        tag("rect", x=_LEFT, y=_TOP, width=_SIDE, height=_SIDE, class_="frame"),
    )


def worst_pairs(student: Evaluation) -> list[Pair]:
    """Returns up to `MOST_PAIRS` pairs of classes that are confused most often, those first."""
    pairs = [(a, b, n) for a, b, n in student.confusions.tolist() if a != b]
    return sorted(pairs, key=lambda pair: (-pair[2], pair[:2]))[:MOST_PAIRS]


def _description(names: Sequence[str], student: Evaluation) -> str:
    pairs = worst_pairs(student)
    right = f"{percent(student.accuracy)} of {student.images} test images are right."
    if not pairs:
        return right
    label, taken, images = pairs[0]
    told = f"{name_of(names, label)} is most often taken for {name_of(names, taken)}"
    return f"{right} {told}: {images} times."


def _names(shown: Sequence[str], side: float, turned: bool) -> Iterator[Markup]:
    anchor = "end" if turned else "middle"
    for n, name in enumerate(shown):
        short, middle = shortened(name, _LONGEST_NAME), (n + 0.5) * side
        yield text(_LEFT - 6, _TOP + middle + 4, short, "tick", "end")
        x, y = _LEFT + middle, _TOP + _SIDE + (12 if turned else 16)
        turn = f"rotate(-45 {number(x)} {number(y)})" if turned else None
        yield tag("text", short, x=x, y=y, class_="tick", text_anchor=anchor, transform=turn)


def _cells(
    shown: Sequence[str], matrix: NDArray[np.int64], shade: NDArray[np.float64]
) -> Iterator[Markup]:
    side = _SIDE / len(shown)
    for a, b in np.argwhere(matrix > 0).tolist():
        images, opacity = int(matrix[a, b]), max(float(shade[a, b]), _FAINTEST)
        x, y = _LEFT + b * side, _TOP + a * side
        told = f"{images} of {shown[a]} " + ("right" if a == b else f"taken for {shown[b]}")
        yield tag(
            "rect",
            tag("title", told),
            x=x,
            y=y,
            width=side,
            height=side,
            class_="right" if a == b else "wrong",
            fill_opacity=opacity,
        )
        if len(shown) <= _MOST_FIGURES:
            ink = "cell dark" if opacity >= _DARK else "cell"
            yield text(x + side / 2, y + side / 2 + 4, str(images), ink, "middle")
