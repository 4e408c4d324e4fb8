from __future__ import annotations

import pytest
import torch

from benchmarks.search.tasks import TASKS
from tests.benchmarks.made_up_table import made_up_table


def test_the_score_is_as_by_hand() -> None:
    table, task = made_up_table(), TASKS["score"]
    row, accuracy = 3, 0.75
    compression = 1 - table.params[row].item() / table.params[table.teacher].item()
    expected = compression * (2 - compression) * accuracy / table.mean_accuracy[table.teacher]
    value = task.outcomes(table, torch.tensor([row]), torch.tensor([accuracy]).double())
    assert value.shape == (1, 1)
    assert value.item() == pytest.approx(expected.item())


def test_a_limit_leaves_out_what_is_above_it() -> None:
    table = made_up_table((3, 4, 4, 4))
    for name, ratio in (("accuracy-25", 0.25), ("accuracy-10", 0.10)):
        expected = table.params <= ratio * table.params[table.teacher]
        assert TASKS[name].allowed(table).tolist() == expected.tolist()
        assert 0 < int(expected.sum()) < len(table)


@pytest.mark.parametrize("name", TASKS)
def test_the_teacher_is_never_allowed(name: str) -> None:
    table = made_up_table()
    assert not TASKS[name].allowed(table)[table.teacher]


def test_a_pareto_set_is_of_accuracy_and_saved_macs() -> None:
    table, task = made_up_table(), TASKS["pareto"]
    rows = torch.tensor([0, table.teacher])
    outcomes = task.outcomes(table, rows, torch.tensor([0.5, 0.9]).double())
    saved = 1 - table.macs[0].item() / table.macs[table.teacher].item()
    assert outcomes.tolist() == [[0.5, pytest.approx(saved)], [pytest.approx(0.9), 0]]
    assert task.outcomes_count == 2
