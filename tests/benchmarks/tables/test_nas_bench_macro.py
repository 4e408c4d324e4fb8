from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import torch

from benchmarks.tables.nas_bench_macro import FORM, architecture, plain, read
from embedding import encode_architecture
from networks import Architecture, Space, architecture_costs
from networks.operators import WEIGHTED
from tests.benchmarks.tables.table_files import write_digits
from tests.benchmarks.tables.table_modules import nas_bench_macro, traced

# Parameters and MACs as the published table has them.
KNOWN = {"22222222": (2_932_586, 105_660_928), "02012100": (890_666, 47_327_744)}


def of(key: str) -> Architecture:
    return architecture(tuple(int(digit) for digit in key))


@pytest.mark.parametrize("key", ["02012100", "12001210"])
def test_the_graph_is_that_of_the_traced_module(key: str) -> None:
    module = traced(nas_bench_macro(key))
    assert of(key).hash == module.hash
    assert [layer.op for layer in of(key)] == [layer.op for layer in module]
    assert [layer.shape for layer in of(key)] == [layer.shape for layer in module]


@pytest.mark.parametrize("key", KNOWN)
def test_costs_are_the_published(key: str) -> None:
    counted = architecture_costs(of(key))
    assert (int(counted.params), int(counted.macs)) == KNOWN[key]


def test_layers_that_the_teacher_has_too_have_its_names() -> None:
    teacher, student = of("22222222"), of("01012100")
    shared = [layer for layer in student if layer.name in teacher]
    assert all(layer.op == teacher[layer.name].op for layer in shared)
    assert {layer.name for layer in student if layer not in shared} == {
        f"layer{number}.identity.{part}" for number in (1, 3) for part in ("conv", "norm")
    }
    assert student["layer2.expand.conv"].shape[0] == teacher["layer2.expand.conv"].shape[0] // 2


def test_keys_are_of_one_network_where_the_hashes_are_equal() -> None:
    # Stages of two, three and three layers: identities after a stage's first layer are no layers.
    stages = [f"02{''.join(x)}021" for x in itertools.product("012", repeat=3)]
    for one, other in itertools.combinations(["10222222", "01222222", "22222201", *stages], 2):
        assert (plain(one) == plain(other)) == (of(one).hash == of(other).hash), (one, other)
    assert plain("00012102") == plain("00012120") == "00012120"


def test_the_first_row_with_a_network_stands_for_all(tmp_path: Path) -> None:
    keys = ["22222222", "22200222", "22202222", "22220222", "22222022"]
    table = read(write_digits(tmp_path / "t.json", FORM, keys))
    assert table.keys == ("22200222", "22202222", "22220222", "22222022", "22222222")
    assert table.first.tolist() == [0, 1, 1, 3, 4]


@pytest.mark.parametrize("key", ["00000000", "22222222"])
def test_a_search_takes_its_networks(key: str) -> None:
    network = of(key)
    space = Space(network)
    assert len(space.groups) > 0
    tokens = encode_architecture(network)
    assert int(tokens.mask.sum()) == sum(layer.op in WEIGHTED for layer in network)
    assert bool(tokens.values.isfinite().all())


def test_a_file_is_read_sorted_by_key(tmp_path: Path) -> None:
    path = write_digits(tmp_path / "t.json", FORM, ["22222222", "00000000", "02012100"])
    table = read(path)
    assert table.keys == ("00000000", "02012100", "22222222")
    assert table.choices[1].tolist() == [0, 2, 0, 1, 2, 1, 0, 0]
    assert table.cardinalities == (3,) * 8
    assert table.ordinal == (False,) * 8
    assert (table.name, table.teacher) == ("nas-bench-macro", 2)
    expected = torch.tensor([[0.91, 0.92, 0.93], [0.92, 0.93, 0.94], [0.90, 0.91, 0.92]])
    assert torch.equal(table.accuracy, expected.double().round(decimals=2))
    assert table.params.tolist()[1:] == [KNOWN["02012100"][0], KNOWN["22222222"][0]]
