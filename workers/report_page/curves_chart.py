"""Accuracy after each epoch, of the search's trials and of the student's final training."""

from __future__ import annotations

from workers.report_page.chart import X_RANGE, Y_RANGE, Chart, Point
from workers.report_page.figures import percent, share, whole
from workers.report_page.markup import Markup
from workers.report_page.scales import Scale, value_scale
from workers.report_page.story import Story

MOST_CURVES = 60  # more is a grey area


def curves_chart(story: Story, own: int) -> Markup | None:
    """Returns the chart; None where no curve is on record.

    Args:
        story: the job's.
        own: number of the trial that the page's student was.
    """
    others = [trial.curve for trial in story.trials if trial.curve and trial.number != own]
    others = others[:: -(-len(others) // MOST_CURVES) or 1]
    mine = next((trial.curve for trial in story.trials if trial.number == own), ())
    whole_way = [*mine, *story.final_curve]
    curves = [*others, *([whole_way] if whole_way else [])]
    if not curves:
        return None
    epochs = max(len(curve) for curve in curves)
    chart = Chart(
        "curves",
        "Learning curves",
        _description(len(others), whole_way),
        Scale(0, epochs + 0.5, *X_RANGE, whole),
        value_scale([value for curve in curves for value in curve], *Y_RANGE, share),
        "epoch",
        "accuracy on validation",
    )
    drawn = [chart.line(_points(curve), "curve") for curve in others]
    if whole_way:
        drawn.append(chart.line(_points(whole_way), "curve-student"))
    if mine and story.final_curve:
        drawn.append(chart.line([(len(mine) + 0.5, 0), (len(mine) + 0.5, 1)], "turn"))
    return chart.draw(*drawn)


def _points(curve: list[float] | tuple[float, ...]) -> list[Point]:
    """Returns the points of a curve; of a single epoch two, so that it can be seen."""
    points = [(epoch + 1.0, value) for epoch, value in enumerate(curve)]
    return points if len(points) > 1 else [(0.75, curve[0]), (1.25, curve[0])]


def _description(others: int, mine: list[float]) -> str:
    told = f"{others} other trials of the search."
    if not mine:
        return told
    return f"The student's accuracy after {len(mine)} epochs is {percent(mine[-1])}. {told}"
