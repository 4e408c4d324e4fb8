from __future__ import annotations

import pytest

from benchmarks.search.peers.plain_gp import PlainGP, features
from benchmarks.search.regret import best_value, found
from benchmarks.search.runs import evaluate
from benchmarks.search.tasks import TASKS
from tests.benchmarks.made_up_table import made_up_table


def test_kinds_are_one_hot_and_sizes_in_the_unit_interval() -> None:
    table = made_up_table((3, 2, 4))
    read = features(table)
    assert read.shape == (24, 5)
    assert read[-1].tolist() == [0, 0, 1, 1, 1]
    assert read[1].tolist() == [1, 0, 0, 0, 1 / 3]


def test_it_finds_the_best_of_many_rows_soon() -> None:
    # More rows than are ranked by samples, of a value that a Gaussian process can follow.
    table, task = made_up_table((3, 5, 5, 5)), TASKS["accuracy-25"]
    rows, _, _ = evaluate(table, task, 0, 18, PlainGP)
    assert found(table, task, rows, best_value(table, task))[-1] < 0.01


@pytest.mark.parametrize(("task", "rows"), [("score", 2), ("accuracy-25", 3), ("pareto", 3)])
def test_it_is_fitted_to_the_teacher_but_for_a_score_of_0(task: str, rows: int) -> None:
    table = made_up_table((3, 4, 4))
    search = PlainGP(table, TASKS[task], 0, [1, 2])
    for accuracy in (0.5, 0.6):
        search.tell(search.ask(), accuracy)
    assert search._fitted().train_targets.shape[-1] == rows
