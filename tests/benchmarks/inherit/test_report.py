from __future__ import annotations

import math

import pytest

from benchmarks.inherit.report import (
    ADAPTIVE,
    AS_SLICED,
    Report,
    accuracies,
    cell,
    chosen,
    gains,
    means,
)
from benchmarks.inherit.rows import Row


def _row(candidate: int, criteria: str, seen: float | None, before: float, after: float) -> Row:
    return Row(
        setting="abc",
        ratio=0.5,
        candidate=candidate,
        criteria=tuple(criteria.split()),
        recomputed=seen is not None,
        seen=seen,
        seen_on=10_000,
        accuracy={"0": before, "1": before, "5": after},
        choose_s=1.0,
        train_s=10.0,
    )


ROWS = [
    _row(0, "l1", None, 0.1, 0.5),
    _row(0, "l1 l2", 0.3, 0.2, 0.6),
    _row(0, "fpgm", 0.4, 0.3, 0.7),
    _row(1, "l1", 0.4, 0.4, 0.8),
    _row(1, "fpgm", 0.4, 0.5, 0.6),
]


def test_adaptive_is_the_best_seen_unless_chance_may_have_made_it() -> None:
    assert chosen({("l2",): 0.3, ("l1",): 0.3, ("fpgm",): 0.2}, 100) == ("l1",)
    assert chosen({("l2",): 0.5, ("l1",): 0.3}, 100) == ("l2",)
    assert chosen({("random",): 0.35, ("l1",): 0.3}, 100) == ("l1",)  # it may be chance
    assert chosen({("random",): 0.35, ("l1",): 0.3}, 10_000) == ("random",)
    found = accuracies(ROWS, 0.5, 5)
    assert (found[0, ADAPTIVE], found[1, ADAPTIVE]) == (0.7, 0.8)


def test_criteria_of_one_choice_share_its_accuracy() -> None:
    found = accuracies(ROWS, 0.5, 0)
    assert found[0, "l1"] == found[0, "l2"] == 0.2
    assert found[0, AS_SLICED] == 0.1
    assert (1, AS_SLICED) not in found
    assert accuracies(ROWS, 0.25, 0) == {}


def test_a_mean_has_its_standard_error_and_number() -> None:
    found = means(accuracies(ROWS, 0.5, 5))
    assert found["l1"].mean == pytest.approx(0.7)
    assert found["l1"].error == pytest.approx(0.1)
    assert found["l1"].n == 2
    assert found["taylor"].n == 0
    assert math.isnan(cell([0.5]).error)
    assert cell([0.5]).to_json() == {"mean": 0.5, "se": None, "n": 1}


def test_gains_are_taken_student_by_student() -> None:
    found = gains(accuracies(ROWS, 0.5, 5))
    assert found["l1"].mean == pytest.approx(0.05)
    assert found["l1"].error == pytest.approx(0.05)
    assert found["l2"].mean == pytest.approx(0.1)
    assert found["l2"].n == found[AS_SLICED].n == 1


def test_the_report_has_a_table_for_each_number_of_epochs_and_the_cost_of_choosing() -> None:
    report = Report(ROWS, 5)
    text = report.text()
    for title in ("0 epochs", "1 epochs", "5 epochs", "adaptive exceeds, 5 epochs"):
        assert f"| {title} | 0.5 MACs |" in text
    assert "| fpgm | 0.650 ± 0.050 (2) |" in text
    result = report.result()
    assert result["choose_share"] == {"mean": 0.1, "se": 0.0, "n": 5}
    accuracy = result["accuracy"]
    assert isinstance(accuracy, dict)
    assert accuracy["0.5"]["5"][ADAPTIVE] == {"mean": 0.75, "se": 0.05, "n": 2}
