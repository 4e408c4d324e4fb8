from dataclasses import replace

from tests.workers.report_page.findings import Parsed, story, trials
from workers.report_page.search_chart import search_chart


def test_each_trial_has_a_dot_and_the_student_s_own_is_marked() -> None:
    parsed = Parsed(search_chart(story(12), own=3) or "")
    assert len(parsed.of_class("trial")) == 12
    (own,) = parsed.of_class("student")
    value = story(12).trials[3].value
    assert f"trial 3: score {value:.4f}" in parsed.texts
    assert own["r"] == "5.5"


def test_the_line_is_the_best_so_far() -> None:
    values = [0.5, 0.7, 0.6, 0.9]
    told = story(trials=tuple(replace(t, value=v) for t, v in zip(trials(4), values, strict=True)))
    parsed = Parsed(search_chart(told, own=0) or "")
    (line,) = parsed.of_class("best")
    heights = [float(point.split()[1]) for point in (line["d"] or "")[1:].split("L")]
    assert heights == sorted(heights, reverse=True)  # up in the picture is less
    assert len(set(heights)) == 3
    assert "The best score rose from 0.5 to 0.9 over 4 trials." in parsed.texts


def test_results_that_were_taken_over_look_different() -> None:
    told = story(trials=tuple(replace(t, reused=t.number < 2) for t in trials(5)))
    assert len(Parsed(search_chart(told, own=4) or "").of_class("reused")) == 2


def test_an_accuracy_is_told_in_percent() -> None:
    told = Parsed(search_chart(story(5, objective="accuracy"), own=0) or "")
    assert "accuracy on validation" in told.texts
    assert any(text.endswith("%") for text in told.texts)


def test_trials_without_a_value_leave_no_dot() -> None:
    broken = tuple(replace(t, value=None, accuracy=None, state="failed") for t in trials(4))
    assert search_chart(story(trials=broken), own=0) is None
    one = (*broken[:3], trials(4)[3])
    assert len(Parsed(search_chart(story(trials=one), own=3) or "").of_class("trial")) == 1
