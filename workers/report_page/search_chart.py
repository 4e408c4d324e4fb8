"""How the search went: each trial's value, and the best so far."""

from __future__ import annotations

from itertools import accumulate
from math import inf

from workers.report_page.chart import X_RANGE, Y_RANGE, Chart
from workers.report_page.figures import share, whole
from workers.report_page.markup import Markup
from workers.report_page.scales import Scale, value_scale
from workers.report_page.story import Story, StoryTrial

Valued = tuple[StoryTrial, float]


def search_chart(story: Story, own: int) -> Markup | None:
    """Returns the chart; None where no trial was completed.

    Args:
        story: the job's.
        own: number of the trial that the page's student was.
    """
    valued = [(trial, trial.value) for trial in story.trials if trial.value is not None]
    if not valued:
        return None
    label = "accuracy" if story.objective == "accuracy" else "score"
    write, most = (share, 1.0) if label == "accuracy" else (_score, inf)  # a score may exceed 1
    best = list(accumulate((value for _, value in valued), max))
    last = max(trial.number for trial in story.trials) + 1
    chart = Chart(
        "search",
        "Search progress",
        f"The best {label} rose from {write(best[0])} to {write(best[-1])} over {last} trials.",
        Scale(0, max(last + 0.5, 2), *X_RANGE, whole),
        value_scale([value for _, value in valued], *Y_RANGE, write, most),
        "students tried",
        f"{label} on validation",
    )
    reused = [one for one in valued if one[0].reused]
    trained = [one for one in valued if not one[0].reused]
    steps = [(trial.number + 1.0, value) for (trial, _), value in zip(valued, best, strict=True)]
    return chart.draw(
        _dots(chart, trained, "trial", label),
        _dots(chart, reused, "trial reused", label),
        chart.lower([(trial.number, value) for trial, value in valued]),
        chart.stairs([*steps, (float(last), best[-1])], "best"),
        _dots(chart, [one for one in valued if one[0].number == own], "student", label),
    )


def _score(value: float) -> str:
    return f"{value:.4g}"


def _dots(chart: Chart, trials: list[Valued], kind: str, label: str) -> Markup:
    return chart.dots(
        [(trial.number + 1, value) for trial, value in trials],
        kind,
        [f"trial {trial.number}: {label} {value:.4f}" for trial, value in trials],
        radius=5.5 if kind == "student" else 3,
    )
