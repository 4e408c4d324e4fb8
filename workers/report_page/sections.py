"""The parts of a page between its head and its table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workers.evaluation import Evaluation
from workers.report_page.calibration_chart import FEW, calibration_chart
from workers.report_page.classes_chart import WORST, classes_chart, name_of, shown_classes
from workers.report_page.confusion_chart import confusion_chart, worst_pairs
from workers.report_page.cost_chart import COST_NAMES, cost_chart
from workers.report_page.curves_chart import curves_chart
from workers.report_page.facts import search_in_words
from workers.report_page.figure import figure, section
from workers.report_page.figures import percent, shortened
from workers.report_page.layers import Comparison
from workers.report_page.layers_chart import in_words, layers_chart
from workers.report_page.markup import Markup, tag
from workers.report_page.search_chart import search_chart
from workers.report_page.story import Story

MOST_OPEN = 60  # layers; the picture of more is opened by who wants to see it
_LONGEST_NAME = 60


def search_section(report: Mapping[str, Any], story: Story) -> Markup:
    """Returns how the student was found, and what accuracy costs."""
    own = int(report["student"]["trial"])
    reused = any(trial.reused for trial in story.trials)
    return section(
        "The search",
        search_in_words(story),
        figure(
            "Search progress",
            search_chart(story, own),
            {
                "trial": "a student",
                **({"reused": "taken over from an earlier job"} if reused else {}),
                "best": "the best so far",
                "student": "this student, after the search",
            },
        ),
        *(_cost_figure(report, story, cost) for cost in story.costs),
        figure(
            "Learning curves",
            curves_chart(story, own),
            {"curve": "another student", "best": "this student"},
            _final_in_words(story, own),
        ),
    )


def _final_in_words(story: Story, own: int) -> str | None:
    """Returns what is to be known of the student's final training, if its curve is on record."""
    if not story.final_curve:
        return None
    told = "The final training begins at the dotted line."
    searched = next((t.accuracy for t in story.trials if t.number == own), None)
    if searched is None or story.final_curve[-1] >= searched:
        return told
    return f"{told} It gained nothing, so the student kept the weights that it had."


def layers_section(found: Comparison) -> Markup:
    """Returns teacher and student layer by layer."""
    keys = {
        "bar-student": "channels that were kept",
        "bar-teacher": "channels that were cut",
        "bar-gone": "a layer that was removed",
    }
    if found.skips:
        keys["skip"] = "a skip connection that was added"
    chart = figure(None, layers_chart(found), keys, kind="wide")
    if len(found.layers) > MOST_OPEN:
        chart = tag("details", tag("summary", f"Show all {len(found.layers)} layers"), chart)
    return section("Teacher and student, layer by layer", in_words(found), chart)


def exam_section(names: Sequence[str], teacher: Evaluation, student: Evaluation) -> Markup:
    """Returns what the test images tell."""
    matrix = figure(
        "Confusion matrix",
        confusion_chart(names, student),
        {"right": "right", "wrong": "wrong"},
        "A row for each class of the images, a column for each answer; the darker, the more.",
    )
    beside = tag("div", *_beside(names, teacher, student), class_="stack")
    note = f"{student.images:,} images, read once, after all training."
    return section("On the test images", note, matrix or _confused(names, student), beside)


def _cost_figure(report: Mapping[str, Any], story: Story, cost: str) -> Markup | None:
    keys = {
        "trial": "a student",
        "best": "the best at each cost",
        "student": "this student, trained on",
        "teacher": "the teacher",
    }
    if cost in story.limits:
        keys["limit"] = "the most that is allowed"
    return figure(f"Accuracy against {COST_NAMES[cost]}", cost_chart(report, story, cost), keys)


def _beside(
    names: Sequence[str], teacher: Evaluation, student: Evaluation
) -> tuple[Markup | None, ...]:
    some = len(shown_classes(student)) < sum(images > 0 for images in student.class_images)
    return (
        figure(
            f"The {WORST} worst classes" if some else "Accuracy of each class",
            classes_chart(names, teacher, student),
            {"student": "student", "teacher": "teacher"},
        ),
        figure(
            "Reliability",
            calibration_chart(teacher, student),
            {"bin": "student", "teacher": "teacher"},
            f"How sure it is and how often it is right differ by "
            f"{percent(student.calibration_error)} on average (the teacher: "
            f"{percent(teacher.calibration_error)}); on the dotted line they would be equal. "
            f"Pale: fewer than {FEW} images.",
        ),
    )


def _confused(names: Sequence[str], student: Evaluation) -> Markup | None:
    """Returns the pairs of classes that are confused most often, where a matrix is too large."""
    pairs = worst_pairs(student)
    if not pairs:
        return None
    head = tag("tr", *(tag("th", one, scope="col") for one in ("class", "taken for", "images")))
    rows = (
        tag(
            "tr",
            *(
                tag("td", tag("bdi", shortened(name_of(names, n), _LONGEST_NAME)))
                for n in (label, taken)
            ),
            tag("td", str(images)),
        )
        for label, taken, images in pairs
    )
    table = tag("table", tag("thead", head), tag("tbody", *rows), class_="pairs")
    return figure("What is confused most often", tag("div", table, class_="scrolled"), {})
