"""How the student was made: everything that it takes to do it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workers.report_page.figures import milliseconds
from workers.report_page.markup import Markup, tag
from workers.report_page.story import Story

Told = Mapping[str, Any]
Fact = tuple[str, str]
_LATER = ("edits", "test", "latency")  # of a student: shown elsewhere in the page
_FIGURES = ("params", "macs", "bytes", "accuracy")


def facts_table(report: Told, story: Story) -> Markup:
    """Returns the table; what the report newly says of a training is in it by its own name."""
    rows = (
        tag("tr", tag("th", name, scope="row"), tag("td", tag("bdi", told)))
        for name, told in _facts(report, story)
    )
    return tag("table", tag("tbody", *rows), class_="facts")


def search_in_words(story: Story) -> str:
    """Returns how many trials there were, and how they ended."""
    counts = {
        "were trained to the end of the search's epochs": _completed(story, reused=False),
        "were taken over from earlier jobs": _completed(story, reused=True),
        "were stopped early as hopeless": _ended(story, "stopped"),
        "failed": _ended(story, "failed"),
    }
    told = [f"{n} {what}" for what, n in counts.items() if n]
    return f"{len(story.trials)} students were tried: {', '.join(told)}."


def _completed(story: Story, *, reused: bool) -> int:
    return sum(t.state == "completed" and t.reused == reused for t in story.trials)


def _ended(story: Story, state: str) -> int:
    return sum(trial.state == state for trial in story.trials)


def _facts(report: Told, story: Story) -> Iterator[Fact]:
    student, teacher, dataset = report["student"], report["teacher"], report["dataset"]
    images = ", ".join(f"{n:,} {name}" for name, n in dataset["images"].items())
    yield "job", str(report["job"])
    yield "objective", story.objective
    yield "constraints", ", ".join(f"{k} ≤ {v:,.6g}" for k, v in story.limits.items()) or "none"
    yield "dataset", f"{dataset['name']}: {len(dataset['classes'])} classes; images: {images}"
    yield "dataset's sha256", str(dataset["content_sha256"])
    trained = f"trained for {teacher['epochs']} epochs" if teacher["epochs"] else "uploaded"
    yield "teacher", f"{teacher['network']}, {trained}"
    for name in sorted(set(student) - {*_LATER, *_FIGURES, "test_accuracy"}):
        yield f"student's {_words(name)}", _value(student[name])
    for part in ("training", "seeds"):
        for name, value in report[part].items():
            yield f"{_words(name)}{' seed' if part == 'seeds' else ''}", _value(value)
    yield "latency", _latency(report)
    yield "preprocessing", _value(report["preprocessing"])
    yield "versions", _value(report["versions"])


def _latency(report: Told) -> str:
    found, how = report["student"]["latency"], report["latency"]
    spread = f"{milliseconds(found['p10_ms'])} to {milliseconds(found['p90_ms'])}"
    limit = "" if how["limit_ms"] is None else f"; the limit is {milliseconds(how['limit_ms'])}"
    return (
        f"{milliseconds(found['median_ms'])} (8 of 10 runs within {spread}) in {how['runtime']}, "
        f"batch size {how['batch_size']}, threads {how['threads']}, on {found['processor']}{limit}"
    )


def _words(name: str) -> str:
    return name.replace("_", " ")


def _value(value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.6g}"
        case Mapping():
            return ", ".join(f"{_words(str(key))} {_value(one)}" for key, one in value.items())
        case list() | tuple():
            return ", ".join(_value(one) for one in value) or "none"
    return str(value)
