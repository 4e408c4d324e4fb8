from dataclasses import replace

import numpy as np

from tests.workers.report_page.findings import Parsed, evaluation
from workers.evaluation import Evaluation, evaluate
from workers.report_page.classes_chart import (
    MOST_CLASSES,
    WORST,
    classes_chart,
    name_of,
    shown_classes,
)


def _both(classes: int) -> tuple[Evaluation, Evaluation]:
    return evaluation(classes, classes * 5, 0.95, 1)[1], evaluation(classes, classes * 5, 0.8, 2)[1]


def test_each_class_has_both_marks_and_its_accuracy() -> None:
    teacher, student = _both(3)
    parsed = Parsed(classes_chart(["a", "b", "c"], teacher, student))
    assert len(parsed.of_class("teacher")) == len(parsed.of_class("student")) == 3
    assert {"a", "b", "c"} <= set(parsed.texts)
    for name, value in zip("abc", student.class_accuracy, strict=True):
        assert f"{name}: the student {value:.1%} of 5 images" in parsed.texts


def test_of_many_classes_the_worst_are_shown() -> None:
    teacher, student = _both(1000)
    shown = shown_classes(student)
    assert len(shown) == WORST
    worst = [student.class_accuracy[n] or 0.0 for n in shown]
    rest = [value or 0.0 for n, value in enumerate(student.class_accuracy) if n not in shown]
    assert max(worst) <= min(rest)
    parsed = Parsed(classes_chart([f"class {n}" for n in range(1000)], teacher, student))
    assert len(parsed.of_class("student")) == WORST


def test_all_of_a_few_classes_are_shown() -> None:
    assert len(shown_classes(_both(MOST_CLASSES)[1])) == MOST_CLASSES
    assert len(shown_classes(_both(MOST_CLASSES + 1)[1])) == WORST


def test_a_class_without_test_images_is_left_out() -> None:
    found = evaluate(np.eye(3, dtype=np.float32)[[0, 2]], np.array([0, 2]))
    parsed = Parsed(classes_chart(["a", "b", "c"], found, found))
    assert "b" not in parsed.texts
    assert len(parsed.of_class("student")) == 2


def test_marks_stay_on_the_picture() -> None:
    _, student = _both(4)
    for value in (0.0, 1.0):
        same = replace(student, class_accuracy=(value,) * 4)
        parsed = Parsed(classes_chart(list("abcd"), same, same))
        where = {float(mark["cx"] or 0) for mark in parsed.of_class("student")}
        assert len(where) == 1
        assert 0 < where.pop() < 460


def test_a_class_without_a_name_has_its_number() -> None:
    assert name_of(["a"], 0) == "a"
    assert name_of(["a"], 1) == "1"
