from dataclasses import replace

import numpy as np

from tests.workers.report_page.findings import Parsed, evaluation
from workers.evaluation import BINS, calibration_bins
from workers.report_page.calibration_chart import FEW, calibration_chart
from workers.report_page.chart import Y_RANGE


def test_bars_stand_where_the_student_is_so_sure_and_as_high_as_it_is_right() -> None:
    _, teacher = evaluation(10, 500, 0.98, 1)
    _, student = evaluation(10, 500, 0.8, 2)
    parsed = Parsed(calibration_chart(teacher, student))
    filled = [one for one in student.bins if one.images]
    bars = parsed.of_class("bin")
    assert len(bars) == len(filled)
    full = Y_RANGE[0] - Y_RANGE[1]
    for bar, one in zip(bars, filled, strict=True):
        expected = max((one.accuracy or 0) * full, 1.5)
        assert abs(float(bar["height"] or 0) - expected) < 0.02
    assert len(parsed.of_class("teacher")) == sum(one.images > 0 for one in teacher.bins)
    assert len(parsed.of_class("ideal")) == 1


def test_bins_of_few_images_are_pale() -> None:
    _, student = evaluation(10, 500, 0.8, 2)
    confidence = [0.95] * (FEW + 5) + [0.5]
    bins = calibration_bins(np.array(confidence), np.ones(len(confidence), bool))
    parsed = Parsed(calibration_chart(replace(student, bins=()), replace(student, bins=bins)))
    assert [("few" in (bar["class"] or "")) for bar in parsed.of_class("bin")] == [True, False]
    assert "student: 1 images, 50.0% sure, 100.0% right" in parsed.texts


def test_the_bars_fill_the_axis() -> None:
    _, student = evaluation(10, 500, 0.8, 2)
    every = (np.arange(BINS) + 0.5) / BINS
    bins = calibration_bins(every, np.ones(BINS, bool))
    parsed = Parsed(calibration_chart(student, replace(student, bins=bins)))
    lefts = [float(bar["x"] or 0) for bar in parsed.of_class("bin")]
    assert lefts == sorted(set(lefts))
    assert len(lefts) == BINS
