from dataclasses import replace

from tests.workers.report_page.findings import STUDENT_TRIAL, Parsed, story, trials
from workers.report_page.curves_chart import MOST_CURVES, curves_chart


def test_the_student_s_curve_goes_on_in_its_final_training() -> None:
    parsed = Parsed(curves_chart(story(6, final_curve=(0.9, 0.95)), STUDENT_TRIAL) or "")
    assert len(parsed.of_class("curve")) == 5
    (own,) = parsed.of_class("curve-student")
    assert (own["d"] or "").count("L") == 6  # five epochs of the search and two of the final one
    assert len(parsed.of_class("turn")) == 1
    assert any("after 7 epochs is 95.0%" in text for text in parsed.texts)


def test_without_any_curve_there_is_no_picture() -> None:
    bare = tuple(replace(trial, curve=()) for trial in trials(4))
    assert curves_chart(story(trials=bare, final_curve=()), STUDENT_TRIAL) is None


def test_a_final_training_alone_is_a_curve() -> None:
    bare = tuple(replace(trial, curve=()) for trial in trials(4))
    parsed = Parsed(curves_chart(story(trials=bare, final_curve=(0.8,)), STUDENT_TRIAL) or "")
    (own,) = parsed.of_class("curve-student")
    assert (own["d"] or "").count("L") == 1  # a short line: a single point would not be seen
    assert parsed.of_class("turn") == []


def test_without_its_own_curve_the_others_are_shown() -> None:
    some = tuple(replace(t, curve=() if t.number == STUDENT_TRIAL else t.curve) for t in trials(5))
    parsed = Parsed(curves_chart(story(trials=some, final_curve=()), STUDENT_TRIAL) or "")
    assert len(parsed.of_class("curve")) == 4
    assert parsed.of_class("curve-student") == []


def test_of_very_many_curves_some_are_shown() -> None:
    for n in (MOST_CURVES + 1, MOST_CURVES + 2, 1000):
        parsed = Parsed(curves_chart(story(n), STUDENT_TRIAL) or "")
        assert MOST_CURVES / 2 <= len(parsed.of_class("curve")) <= MOST_CURVES
