"""What a page begins with: what was compressed, how small it is and how accurate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workers.evaluation import Evaluation
from workers.report_page.figures import compact, margin, milliseconds, percent, signed, times
from workers.report_page.markup import Markup, tag
from workers.report_page.story import Story

Told = Mapping[str, Any]
Row = tuple[str, str, str, str]
"""What is compared, the teacher's figure, the student's, and how they relate."""


def headline(report: Told, story: Story, teacher: Evaluation, student: Evaluation) -> Markup:
    """Returns the page's head."""
    return tag(
        "header",
        tag("p", "Stillhouse · a compressed network", class_="eyebrow"),
        tag("h1", tag("bdi", story.name)),
        tag("p", *_lead(report, teacher, student), class_="lead"),
        tag("div", *_tiles(report, teacher, student), class_="tiles"),
        _table(list(_rows(report, teacher, student))),
    )


def _lead(report: Told, teacher: Evaluation, student: Evaluation) -> Iterator[str]:
    large, small = report["teacher"], report["student"]
    yield tag("bdi", str(large["network"]))
    yield f" with {compact(large['params'])} parameters became a network of "
    yield f"{compact(small['params'])}. On {student.images:,} test images, which neither the "
    yield "search nor the student's training saw, the student is right on "
    yield tag("strong", percent(student.accuracy))
    wide = 100 * margin(student.accuracy, student.images)
    yield " ("
    yield tag("span", f"± {wide:.1f} points", class_="together")
    yield "), its teacher on "
    yield tag("strong", percent(teacher.accuracy))
    yield "."


def _tiles(report: Told, teacher: Evaluation, student: Evaluation) -> Iterator[Markup]:
    large, small = report["teacher"], report["student"]
    yield _tile(times(large["params"] / small["params"]), "fewer parameters")
    yield _tile(times(large["macs"] / max(small["macs"], 1)), "fewer multiplications (MACs)")
    yield _tile(
        percent(student.accuracy), f"right on test images; the teacher {percent(teacher.accuracy)}"
    )
    if student.agreement is not None:
        yield _tile(percent(student.agreement), "the same answer as the teacher")


def _tile(figure: str, told: str) -> Markup:
    return tag("div", tag("b", figure), tag("span", told), class_="tile")


def _rows(report: Told, teacher: Evaluation, student: Evaluation) -> Iterator[Row]:
    large, small = report["teacher"], report["student"]
    yield _points("Test accuracy", teacher.accuracy, student.accuracy)
    yield _points("Validation accuracy", large["accuracy"], small["accuracy"])
    for name, cost in (("Parameters", "params"), ("MACs", "macs"), ("Bytes of weights", "bytes")):
        yield name, compact(large[cost]), compact(small[cost]), _change(large[cost], small[cost])
    slow, fast = report["latency"]["teacher_ms"], small["latency"]["median_ms"]
    yield "Latency", milliseconds(slow), milliseconds(fast), _change(slow, fast) if slow else ""
    yield _points("Calibration error", teacher.calibration_error, student.calibration_error)


def _points(name: str, teacher: float, student: float) -> Row:
    return name, percent(teacher), percent(student), f"{signed(100 * (student - teacher))} points"


def _change(before: float, after: float) -> str:
    return f"{signed(100 * (after / before - 1))}%"


def _table(rows: list[Row]) -> Markup:
    heads = ("", "teacher", "student", "change")
    head = tag("tr", *(tag("th", one, scope="col") if one else tag("td") for one in heads))
    body = (
        tag("tr", tag("th", name, scope="row"), *(tag("td", figure) for figure in figures))
        for name, *figures in rows
    )
    table = tag("table", tag("thead", head), tag("tbody", *body), class_="sides")
    return tag("div", table, class_="scrolled")
