from dataclasses import replace

from tests.workers.report_page.findings import (
    STUDENT_TRIAL,
    TEACHER,
    Parsed,
    report,
    story,
    trials,
)
from workers.report_page.cost_chart import cost_chart, unbeaten
from workers.report_page.story import Story


def _parsed(told: Story, cost: str = "params") -> Parsed:
    own = told.trials[STUDENT_TRIAL]
    return Parsed(cost_chart(report(["a", "b"], own), told, cost) or "")


def test_only_what_is_better_at_its_cost_is_on_the_line() -> None:
    points = [(5.0, 0.9), (1.0, 0.5), (2.0, 0.4), (3.0, 0.7), (3.0, 0.8), (6.0, 0.9)]
    assert unbeaten(points) == [(1.0, 0.5), (3.0, 0.8), (5.0, 0.9)]


def test_trials_teacher_student_and_constraint_are_marked() -> None:
    parsed = _parsed(story(12))
    assert len(parsed.of_class("trial")) == 12
    assert len(parsed.of_class("teacher")) == 1
    assert len(parsed.of_class("student")) == 1
    assert len(parsed.of_class("limit")) == 1
    assert "at most 68k" in parsed.texts
    assert "the teacher: 272k parameters, 98.5%" in parsed.texts
    assert any(text.startswith("this student: ") and "97.5%" in text for text in parsed.texts)


def test_without_a_constraint_nothing_is_shaded() -> None:
    parsed = _parsed(story(12, limits={"latency_ms": 2.0}))
    assert parsed.of_class("limit") == parsed.of_class("beyond") == []


def test_each_cost_has_its_own_picture() -> None:
    parsed = _parsed(story(6), "macs")
    assert parsed.elements[0][1]["aria-labelledby"] == "cost-macs-title cost-macs-desc"
    assert "MACs" in parsed.texts
    assert parsed.of_class("limit") == []  # the constraint is on parameters


def test_a_limit_above_the_teacher_is_on_the_axis() -> None:
    parsed = _parsed(story(6, limits={"params": 10 * TEACHER["params"]}))
    (limit,) = parsed.of_class("limit")
    (teacher,) = parsed.of_class("teacher")
    assert float((limit["d"] or "")[1:].split()[0]) > float((teacher["d"] or "")[1:].split()[0])


def test_without_a_completed_trial_there_is_no_picture() -> None:
    broken = tuple(replace(t, value=None, accuracy=None, state="failed") for t in trials(4))
    own = trials(4)[STUDENT_TRIAL]
    assert cost_chart(report(["a"], own), story(trials=broken), "params") is None
