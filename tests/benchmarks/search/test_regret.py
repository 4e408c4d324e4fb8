from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from benchmarks.search.regret import best_value, found, given, to_target
from benchmarks.search.tasks import TASKS, Task
from benchmarks.tables import Table
from tests.benchmarks.made_up_table import made_up_table

ACCURACY = Task("accuracy", "accuracy")
MEANS = [0.5, 0.6, 0.8, 0.7, 0.9, 0.4]


def little() -> Table:
    table = made_up_table((3, 2))
    accuracy = torch.tensor(MEANS).double().unsqueeze(1) + torch.tensor([[-0.05, 0.05]])
    return replace(table, accuracy=accuracy)


def test_regret_is_to_the_best_recorded_mean_so_far() -> None:
    table = little()
    best = best_value(table, ACCURACY)
    assert best == pytest.approx(0.9)
    assert found(table, ACCURACY, [0, 3, 1, 4], best) == pytest.approx([0.4, 0.2, 0.2, 0])


def test_the_teacher_is_not_the_best() -> None:
    table = replace(little(), teacher=4)
    assert best_value(table, ACCURACY) == pytest.approx(0.8)


def test_what_is_given_follows_what_was_observed() -> None:
    table = little()
    # Row 3 was lucky: a user is given it although row 2 is better.
    regrets = given(table, ACCURACY, [1, 3, 2], [0.65, 0.78, 0.75], 0.9)
    assert regrets == pytest.approx([0.3, 0.2, 0.2])
    assert found(table, ACCURACY, [1, 3, 2], 0.9) == pytest.approx([0.3, 0.2, 0.1])


def test_a_pareto_sets_regret_is_the_hypervolume_that_is_missing() -> None:
    table, task = little(), TASKS["pareto"]
    table = replace(table, macs=torch.tensor([10, 20, 30, 40, 50, 100]))
    best = best_value(table, task)
    # 0.9 x 0.5 of the row of 50, and above it 0.8 x 0.2, 0.6 x 0.1 and 0.5 x 0.1.
    assert best == pytest.approx(0.45 + 0.16 + 0.06 + 0.05)
    assert found(table, task, [4, 2], best) == pytest.approx([0.27, 0.11])
    assert given(table, task, [4, 2], [0.9, 0.95], best) == pytest.approx([0.27, best - 0.56])


def test_all_rows_have_no_regret() -> None:
    table, task = made_up_table(), TASKS["pareto"]
    rows = task.allowed(table).nonzero().squeeze(1).tolist()
    assert found(table, task, rows, best_value(table, task))[-1] == pytest.approx(0)


def test_the_target_is_reached_once() -> None:
    assert to_target([0.4, 0.001, 0.0]) == 2
    assert to_target([0.4, 0.0011]) is None
