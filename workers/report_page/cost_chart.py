"""What accuracy costs: the trials, the best of them at every cost, the teacher and the student."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workers.report_page.chart import X_RANGE, Y_RANGE, Chart, Point
from workers.report_page.figures import compact, percent, share
from workers.report_page.markup import Markup, join
from workers.report_page.scales import cost_scale, value_scale
from workers.report_page.story import Story

COST_NAMES = {"params": "parameters", "macs": "MACs", "bytes": "bytes"}


def cost_chart(report: Mapping[str, Any], story: Story, cost: str) -> Markup | None:
    """Returns the chart of accuracy on validation against one cost; None without trials."""
    trials = [trial for trial in story.trials if trial.accuracy is not None]
    points = [(float(trial.costs[cost]), float(trial.accuracy or 0)) for trial in trials]
    if not points:
        return None
    name = COST_NAMES[cost]
    teacher, student = (_place(report[who], cost) for who in ("teacher", "student"))
    limit = story.limits.get(cost)
    costs = [x for x, _ in (*points, teacher, student)] + ([limit] if limit else [])
    accuracies = [y for _, y in (*points, teacher, student)]
    chart = Chart(
        f"cost-{cost}",
        f"Accuracy against {name}",
        f"The student has {compact(student[0])} {name} and an accuracy of {percent(student[1])} "
        f"on validation; the teacher {compact(teacher[0])} and {percent(teacher[1])}.",
        cost_scale(costs, *X_RANGE, compact),
        value_scale(accuracies, *Y_RANGE, share),
        name,
        "accuracy on validation",
    )
    told = [
        f"trial {trial.number}: {_words(*point, name)}"
        for trial, point in zip(trials, points, strict=True)
    ]
    return chart.draw(
        chart.limit(limit, f"at most {compact(limit)}") if limit else join(),
        chart.stairs(unbeaten(points), "best"),
        chart.dots(points, "trial", told),
        chart.lower(points),
        chart.diamond(teacher, "teacher", f"the teacher: {_words(*teacher, name)}"),
        chart.dots([student], "student", [f"this student: {_words(*student, name)}"], radius=5.5),
    )


def unbeaten(points: Sequence[Point]) -> list[Point]:
    """Returns the points (cost, accuracy) that no other beats, the cheapest first."""
    found: list[Point] = []
    for cost, accuracy in sorted(points, key=lambda point: (point[0], -point[1])):
        if not found or accuracy > found[-1][1]:
            found.append((cost, accuracy))
    return found


def _place(told: Mapping[str, Any], cost: str) -> Point:
    return float(told[cost]), float(told["accuracy"])


def _words(cost: float, accuracy: float, name: str) -> str:
    return f"{compact(cost)} {name}, {percent(accuracy)}"
