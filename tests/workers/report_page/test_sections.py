from dataclasses import replace

import numpy as np

from tests.workers.report_page.findings import (
    STUDENT_TRIAL,
    Parsed,
    evaluation,
    findings,
    story,
    trials,
)
from workers.evaluation import evaluate
from workers.report_page.classes_chart import WORST
from workers.report_page.layers import Comparison, LayerPair
from workers.report_page.sections import MOST_OPEN, exam_section, layers_section, search_section


def test_the_search_is_told_with_three_charts() -> None:
    found = findings()
    parsed = Parsed(search_section(found.report, found.story))
    titles = ["Search progress", "Accuracy against parameters", "Learning curves"]
    assert [text for text in parsed.texts if text in titles] == [
        "Search progress", "Search progress", "Accuracy against parameters",
        "Accuracy against parameters", "Learning curves", "Learning curves",
    ]  # fmt: skip
    assert "the most that is allowed" in parsed.texts
    assert "taken over from an earlier job" not in parsed.texts


def test_without_curves_constraint_or_value_their_charts_and_keys_are_left_out() -> None:
    bare = tuple(replace(trial, curve=()) for trial in trials(5))
    found = findings(told=story(trials=bare, final_curve=(), limits={}))
    parsed = Parsed(search_section(found.report, found.story))
    assert "Learning curves" not in parsed.texts
    assert "the most that is allowed" not in parsed.texts
    broken = tuple(replace(trial, accuracy=None, value=None, state="failed") for trial in bare)
    parsed = Parsed(search_section(found.report, story(trials=broken, final_curve=())))
    assert not any(name == "svg" for name, _ in parsed.elements)


def test_a_final_training_that_gained_nothing_is_told() -> None:
    found = findings()
    own = found.story.trials[STUDENT_TRIAL].accuracy or 0.0
    for last, kept in ((own - 0.01, True), (own, False), (own + 0.01, False)):
        told = replace(found.story, final_curve=(0.5, last))
        text = Parsed(search_section(found.report, told)).text
        assert "The final training begins at the dotted line." in text
        assert ("kept the weights" in text) == kept


def test_a_pareto_job_has_a_chart_for_each_of_its_costs() -> None:
    found = findings(told=story(objective="pareto", costs=("macs", "bytes")))
    texts = Parsed(search_section(found.report, found.story)).texts
    assert {"Accuracy against MACs", "Accuracy against bytes"} <= set(texts)
    assert "Accuracy against parameters" not in texts


def test_what_was_taken_over_is_explained() -> None:
    found = findings(told=story(trials=tuple(replace(t, reused=True) for t in trials(5))))
    assert (
        "taken over from an earlier job" in Parsed(search_section(found.report, found.story)).texts
    )


def test_very_many_layers_are_folded() -> None:
    pair = LayerPair("a", "linear", 4, 2)
    few, many = (Parsed(layers_section(Comparison((pair,) * n, ()))) for n in (MOST_OPEN, 200))
    assert not any(name == "details" for name, _ in few.elements)
    assert any(name == "details" for name, _ in many.elements)
    assert "Show all 200 layers" in many.texts
    assert "a skip connection that was added" not in few.texts


def test_the_test_images_of_few_classes() -> None:
    found = findings(2, 60, names=["cat", "dog"])
    texts = Parsed(exam_section(["cat", "dog"], found.teacher, found.student)).texts
    assert {"Confusion matrix", "Accuracy of each class", "Reliability"} <= set(texts)
    assert "60 images, read once, after all training." in texts


def test_the_test_images_of_a_thousand_classes() -> None:
    names = [f"<i>{n}</i>" for n in range(1000)]
    teacher, student = evaluation(1000, 5000, 0.9, 1)[1], evaluation(1000, 5000, 0.7, 2)[1]
    page = exam_section(names, teacher, student)
    parsed = Parsed(page)
    assert {"What is confused most often", f"The {WORST} worst classes"} <= set(parsed.texts)
    assert "Confusion matrix" not in parsed.texts
    assert not any(name == "i" for name, _ in parsed.elements)
    assert len(page) < 60_000


def test_without_a_mistake_among_many_classes_nothing_is_confused() -> None:
    right = evaluate(np.eye(40, dtype=np.float32), np.arange(40))
    texts = Parsed(exam_section([str(n) for n in range(40)], right, right)).texts
    assert "What is confused most often" not in texts
