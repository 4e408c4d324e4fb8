"""Whether the student is as often right as it is sure."""

from __future__ import annotations

from workers.evaluation import BINS, CalibrationBin, Evaluation
from workers.report_page.chart import X_RANGE, Y_RANGE, Chart
from workers.report_page.figures import percent, share
from workers.report_page.markup import Markup, tag
from workers.report_page.scales import Scale

FEW = 10  # images of a bin that tell next to nothing


def calibration_chart(teacher: Evaluation, student: Evaluation) -> Markup:
    """Returns the reliability diagram of both."""
    chart = Chart(
        "calibration",
        "Reliability",
        f"The student's confidence is off by {percent(student.calibration_error)} on average, the "
        f"teacher's by {percent(teacher.calibration_error)}.",
        Scale(0, 1, *X_RANGE, share),
        Scale(0, 1, *Y_RANGE, share),
        "how sure it is (confidence)",
        "how often it is right",
    )
    return chart.draw(
        *(_bar(chart, one) for one in student.bins if one.images),
        chart.line([(0, 0), (1, 1)], "ideal"),
        *(_mark(chart, one) for one in teacher.bins if one.images),
    )


def _bar(chart: Chart, one: CalibrationBin) -> Markup:
    right = one.accuracy or 0.0
    left, top, width = chart.x.at(one.low), chart.y.at(right), (X_RANGE[1] - X_RANGE[0]) / BINS
    told = tag("title", f"student: {_words(one)}")
    height = max(Y_RANGE[0] - top, 1.5)  # a bin that is never right can be seen
    return tag(
        "rect",
        told,
        x=left + 1,
        y=Y_RANGE[0] - height,
        width=width - 2,
        height=height,
        class_="bin few" if one.images < FEW else "bin",
    )


def _mark(chart: Chart, one: CalibrationBin) -> Markup:
    point = (one.confidence or 0.0, one.accuracy or 0.0)
    kind = "teacher few" if one.images < FEW else "teacher"
    return chart.diamond(point, kind, f"teacher: {_words(one)}")


def _words(one: CalibrationBin) -> str:
    sure, right = percent(one.confidence or 0.0), percent(one.accuracy or 0.0)
    return f"{one.images} images, {sure} sure, {right} right"
