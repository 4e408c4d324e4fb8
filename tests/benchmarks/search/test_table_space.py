from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pytest
import torch

from benchmarks.search import table_space as module
from benchmarks.search.peers.esnac2019 import column_tokens, network_tokens
from benchmarks.search.table_space import TableSpace
from benchmarks.tables import Table
from embedding import encode_architecture
from networks import read_layers
from tests.benchmarks.made_up_table import made_up_table


@pytest.fixture
def space(real_table: Table) -> TableSpace:
    return TableSpace(real_table)


@pytest.fixture
def all_rows(real_table: Table) -> torch.Tensor:
    return torch.arange(len(real_table))


def test_the_teacher_has_no_features(space: TableSpace) -> None:
    features = space.features(space.teacher())
    assert features.shape[1] > 0
    assert not features.any()
    assert space.features(space.smallest()).any()


def test_features_tell_networks_apart(space: TableSpace, all_rows: torch.Tensor) -> None:
    features = space.features(space.of_rows(all_rows))
    assert len(features.unique(dim=0)) == len(space.table.first.unique())


def test_tokens_are_those_of_any_student(space: TableSpace, real_table: Table) -> None:
    teacher, _ = read_layers(real_table.architecture(real_table.teacher))
    for row in (0, 5, real_table.teacher):
        expected = encode_architecture(real_table.architecture(row), teacher)
        found = space.tokens(space.of_rows(torch.tensor([row])))
        assert torch.equal(found.values, expected.values)
        assert torch.equal(found.mask, expected.mask)


def test_tokens_of_many_are_padded(space: TableSpace, all_rows: torch.Tensor) -> None:
    tokens = space.tokens_of(all_rows)
    lengths = tokens.mask.sum(1)
    assert int(lengths.max()) == tokens.values.shape[1] > int(lengths.min())
    assert not tokens.values[~tokens.mask].any()
    assert tokens.mask[:, 0].all()


def test_costs_are_the_tables(space: TableSpace, real_table: Table, all_rows: torch.Tensor) -> None:
    costs = space.costs(space.of_rows(all_rows))
    assert torch.equal(costs.params, real_table.params)
    assert torch.equal(costs.macs, real_table.macs)
    assert int(space.costs(space.smallest()).params) == int(real_table.params.min())


def test_a_mutation_changes_one_column_at_most(space: TableSpace, real_table: Table) -> None:
    draws = torch.Generator().manual_seed(0)
    before = space.sample(200, draws)
    old, new = space.rows(before), space.rows(space.mutate(before, draws))
    assert (old != new).any()
    for a, b in zip(old.tolist(), new.tolist(), strict=True):
        same = real_table.choices[real_table.first == b]  # one network, however it is written
        assert ((same != real_table.choices[a]).sum(1) <= 1).any()


def test_rows_of_one_network_are_one_candidate(
    space: TableSpace, real_table: Table, all_rows: torch.Tensor
) -> None:
    one, other = (real_table.keys.index(x) for x in ("22201222", "22210222"))
    first, second = (space.of_rows(torch.tensor([x])) for x in (one, other))
    assert space.keys(first) == space.keys(second)
    assert space.hash(first) == space.hash(second)
    assert len(set(space.keys(space.of_rows(all_rows)))) < len(real_table)
    assert set(space.rows(space.sample(500, torch.Generator().manual_seed(1))).tolist()) == set(
        real_table.first.tolist()
    )


def test_edits_come_back(space: TableSpace, all_rows: torch.Tensor) -> None:
    candidates = space.of_rows(all_rows)
    again = space.candidates(space.edits(candidates))
    assert torch.equal(again.widths, candidates.widths)


def test_the_second_time_no_network_is_built(real_table: Table) -> None:
    first = TableSpace(real_table)
    with patch.object(module, "encode_architecture", side_effect=AssertionError):
        second = TableSpace(real_table)
    rows = torch.arange(len(real_table))
    assert torch.equal(first.tokens_of(rows).values, second.tokens_of(rows).values)
    assert torch.equal(first.features(first.of_rows(rows)), second.features(second.of_rows(rows)))


@pytest.mark.parametrize("broken", [b"", b"PK\x03\x04 cut", b"no archive"])
def test_a_broken_cache_is_built_anew(real_table: Table, tmp_path: Path, broken: bytes) -> None:
    first = TableSpace(real_table)
    (file,) = (tmp_path / "cache").rglob("*.npz")
    whole = file.stat().st_size
    file.write_bytes(broken)
    second = TableSpace(real_table)
    rows = torch.arange(len(real_table))
    assert torch.equal(first.tokens_of(rows).values, second.tokens_of(rows).values)
    assert file.stat().st_size == whole
    assert list(file.parent.iterdir()) == [file]


def test_a_cache_that_cannot_be_written_costs_only_time(
    real_table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert len(TableSpace(real_table).features(TableSpace(real_table).teacher())) == 1


def test_esnac_reads_networks_where_there_are_any(space: TableSpace, real_table: Table) -> None:
    rows = torch.tensor([0, 13])
    expected, found = space.tokens_of(rows), network_tokens(real_table)(rows)
    assert torch.equal(found.values, expected.values)
    made_up = made_up_table()
    columns = network_tokens(made_up)(rows)
    assert torch.equal(columns.values, column_tokens(made_up)(rows).values)
