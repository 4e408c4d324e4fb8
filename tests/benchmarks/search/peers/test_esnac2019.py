from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from benchmarks.search.peers import esnac2019 as module
from benchmarks.search.peers.esnac2019 import Esnac2019, column_tokens
from benchmarks.search.tasks import TASKS
from embedding import Tokens
from tests.benchmarks.made_up_table import made_up_table


class Watched:
    """Stands for a kernel and keeps how many records each was given."""

    records: list[int] = []  # noqa: RUF012 shared by all that are made
    teachers: list[float] = []  # noqa: RUF012
    best: list[float] = []  # noqa: RUF012

    def __init__(self, tokens: Tokens, y: Tensor, best: float, seed: int) -> None:
        assert len(tokens.values) == len(y)
        assert seed >= 0
        Watched.teachers.append(float(y[0]))
        Watched.best.append(best)
        Watched.records.append(len(y))

    def expected_improvement(self, tokens: Tokens) -> Tensor:
        return torch.arange(len(tokens.values)).double()


def ask(search: Esnac2019, count: int) -> Sequence[int]:
    rows = []
    for _ in range(count):
        rows.append(search.ask())
        search.tell(rows[-1], 0.5)
    return rows


def test_a_round_is_eight_proposals_by_eight_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EsnacKernel", Watched)
    monkeypatch.setattr(Watched, "records", [])
    monkeypatch.setattr(Watched, "teachers", [])
    table = made_up_table((3, 4, 4))
    search = Esnac2019(table, TASKS["score"], 0, column_tokens(table))
    assert len(set(ask(search, 8))) == 8
    assert Watched.records == [1] * 8
    assert Watched.teachers == [0] * 8  # whose compression is none
    ask(search, 16)
    assert len(Watched.records) == 24
    third = [x - 1 for x in Watched.records[16:]]
    assert max(third) < 16
    assert len(set(third)) > 1  # each a random half of the 16 records


def test_a_teacher_over_the_limit_is_nothing_to_be_improved_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "EsnacKernel", Watched)
    monkeypatch.setattr(Watched, "teachers", [])
    monkeypatch.setattr(Watched, "best", [])
    table = made_up_table((3, 4, 4))
    search = Esnac2019(table, TASKS["accuracy-25"], 0, column_tokens(table))
    for _ in range(9):
        search.tell(search.ask(), 0.01)
    teacher = pytest.approx(float(table.mean_accuracy[table.teacher]))
    assert Watched.teachers == [teacher] * len(Watched.best)
    assert Watched.best[0] == teacher  # there is nothing else yet
    assert 0.01 in Watched.best[8:]


def test_columns_are_tokens() -> None:
    table = made_up_table()
    tokens = column_tokens(table)(torch.tensor([0, 23]))
    assert tokens.values.shape == (2, 3, 7)
    assert tokens.mask.all()
    assert tokens.values[1, :, :4].argmax(1).tolist() == [2, 1, 3]
