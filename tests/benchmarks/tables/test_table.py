from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from benchmarks.tables.channel_bench import resnet
from benchmarks.tables.table import Table, TableError, row_of_teacher

TABLE = Table(
    name="made-up",
    keys=("1111111", "4444444"),
    choices=torch.tensor([[0] * 7, [3] * 7]),
    cardinalities=(4,) * 7,
    ordinal=(True,) * 7,
    accuracy=torch.tensor([[0.5, 0.7], [0.8, 0.9]], dtype=torch.float64),
    params=torch.tensor([1, 2]),
    macs=torch.tensor([3, 4]),
    teacher=1,
    build=resnet,
    first=torch.arange(2),
)


def test_the_mean_is_over_the_trainings() -> None:
    assert TABLE.mean_accuracy.tolist() == pytest.approx([0.6, 0.85])
    assert len(TABLE) == 2


def test_a_row_gives_its_network() -> None:
    assert TABLE.architecture(0).hash == resnet((0,) * 7).hash
    assert TABLE.architecture(TABLE.teacher).hash == resnet((3,) * 7).hash


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        (
            "choices",
            torch.zeros(2, 6, dtype=torch.int64),
            r"choices must be \(2, 7\), not \(2, 6\)",
        ),
        ("accuracy", torch.zeros(3, 2), r"accuracy must be \(2, 2\), not \(3, 2\)"),
        ("params", torch.ones(1), r"params must be \(2,\), not \(1,\)"),
        ("macs", torch.ones(2, 1), r"macs must be \(2,\), not \(2, 1\)"),
        ("choices", torch.full((2, 7), 4), "a choice is not below"),
        ("choices", torch.full((2, 7), -1), "a choice is not below"),
    ],
)
def test_columns_that_do_not_fit_are_refused(field: str, value: object, told: str) -> None:
    with pytest.raises(TableError, match=told):
        replace(TABLE, **{field: value})  # type: ignore[arg-type]


def test_a_missing_teacher_is_named() -> None:
    assert row_of_teacher(("a", "b"), "b", "file") == 1
    with pytest.raises(TableError, match="file: the teacher 'c' is missing"):
        row_of_teacher(("a", "b"), "c", "file")
