from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.tables.nats_sss import (
    CIFAR10,
    CIFAR100,
    IMAGENET16,
    TEACHER,
    Dataset,
    architecture,
    costs,
    read,
)
from benchmarks.tables.table import TableError
from embedding import encode_architecture
from networks import Architecture, Space, architecture_costs
from networks.operators import WEIGHTED
from tests.benchmarks.tables.table_files import write_nats
from tests.benchmarks.tables.table_modules import nats_sss, traced

DATASETS = (CIFAR10, CIFAR100, IMAGENET16)
SMALLEST = "8:8:8:8:8"
MIXED = "8:24:16:40:8"
KEYS = [TEACHER, MIXED, SMALLEST]


def of(key: str, dataset: Dataset = CIFAR10) -> Architecture:
    return architecture(dataset, tuple(int(width) // 8 - 1 for width in key.split(":")))


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda x: x.name)
@pytest.mark.parametrize("key", [SMALLEST, MIXED])
def test_the_graph_is_that_of_the_traced_module(dataset: Dataset, key: str) -> None:
    module = traced(nats_sss(key, dataset.classes), dataset.size)
    assert of(key, dataset).hash == module.hash
    assert [layer.op for layer in of(key, dataset)] == [layer.op for layer in module]
    assert [layer.shape for layer in of(key, dataset)] == [layer.shape for layer in module]


@pytest.mark.parametrize(("key", "params"), [(SMALLEST, 11_714), (TEACHER, 713_674)])
def test_parameters_are_the_published(key: str, params: int) -> None:
    assert int(architecture_costs(of(key)).params) == params


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda x: x.name)
def test_computed_costs_are_those_of_the_networks(dataset: Dataset) -> None:
    keys = [SMALLEST, TEACHER, MIXED, "64:8:8:64:64", "8:16:16:24:32", "32:16:8:8:8"]
    widths = torch.tensor([[int(width) for width in key.split(":")] for key in keys])
    counted = [architecture_costs(of(key, dataset)) for key in keys]
    params, macs = costs(widths, dataset)
    assert params.tolist() == [int(x.params) for x in counted]
    assert macs.tolist() == [int(x.macs) for x in counted]


def test_only_a_skip_that_widens_is_no_layer_of_the_teachers() -> None:
    teacher, student = of(TEACHER), of("8:24:16:40:40")
    assert {layer.name for layer in student if layer.name not in teacher} == {
        "cell3.skip.conv", "cell3.skip.norm",
    }  # fmt: skip
    assert all(x.op == teacher[x.name].op for x in student if x.name in teacher)


@pytest.mark.parametrize("key", KEYS)
def test_a_search_takes_its_networks(key: str) -> None:
    network = of(key)
    space = Space(network)
    assert len(space.groups) >= 5
    tokens = encode_architecture(network)
    assert int(tokens.mask.sum()) == sum(layer.op in WEIGHTED for layer in network)
    assert bool(tokens.values.isfinite().all())


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda x: x.name)
def test_a_folder_is_read_sorted_by_key(tmp_path: Path, dataset: Dataset) -> None:
    table = read(dataset, write_nats(tmp_path, dataset.file, KEYS, [90.5, 80, 70]))
    assert table.keys == (TEACHER, MIXED, SMALLEST)
    assert table.accuracy.tolist() == [[0.905], [0.8], [0.7]]
    assert table.choices.tolist() == [[7] * 5, [0, 2, 1, 4, 0], [0] * 5]
    assert table.cardinalities == (8,) * 5
    assert table.ordinal == (True,) * 5
    assert (table.name, table.teacher) == (dataset.name, 0)
    assert table.architecture(1).hash == of(MIXED, dataset).hash
    assert int(table.params[1]) == int(architecture_costs(of(MIXED, dataset)).params)


@pytest.mark.parametrize(
    ("keys", "accuracies", "told"),
    [
        (KEYS, [90, 80, np.nan], r"cifar10_accs.npy: '8:8:8:8:8': must be from 0 to 100, not nan"),
        (KEYS, [90, np.inf, 80], rf"'{MIXED}': .* not inf"),
        (KEYS, [90, 100.5, 80], rf"'{MIXED}': .* not 100.5"),
        (KEYS, [90, 80], r"cifar10_accs.npy: has 2 accuracies for 3 keys"),
        (KEYS[1:], [90, 80], rf"arch_strings.npy: the teacher '{TEACHER}' is missing"),
        ([TEACHER, TEACHER], [90, 80], rf"arch_strings.npy: '{TEACHER}': is there twice"),
        ([TEACHER, "8:8:8:8"], [90, 80], r"'8:8:8:8': must be five widths"),
        ([TEACHER, "8:8:8:8:9"], [90, 80], r"'8:8:8:8:9': must be five widths"),
        ([TEACHER, "8:8:8:8:8\n"], [90, 80], r"must be five widths"),
        ([TEACHER, "8:8:8:8:٨"], [90, 80], r"must be five widths"),
        ([], [], r"arch_strings.npy: "),
    ],
)
def test_a_broken_folder_is_refused(
    tmp_path: Path, keys: list[str], accuracies: list[float], told: str
) -> None:
    write_nats(tmp_path, CIFAR10.file, keys, accuracies)
    with pytest.raises(TableError, match=told):
        read(CIFAR10, tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    write_nats(tmp_path, CIFAR10.file, KEYS, [90, 80, 70])
    with pytest.raises(TableError, match=r"cifar100_accs.npy: "):
        read(CIFAR100, tmp_path)


def test_accuracies_of_another_type_are_refused(tmp_path: Path) -> None:
    write_nats(tmp_path, CIFAR10.file, KEYS, [90, 80, 70])
    np.save(tmp_path / CIFAR10.file, np.array(["90", "80", "70"]))
    with pytest.raises(TableError, match=r"cifar10_accs.npy: must be of kind 'f'"):
        read(CIFAR10, tmp_path)


def test_characters_beyond_unicode_are_refused(tmp_path: Path) -> None:
    write_nats(tmp_path, CIFAR10.file, KEYS, [90, 80, 70])
    path = tmp_path / "arch_strings.npy"
    path.write_bytes(path.read_bytes()[:-4] + b"\xff\xff\xff\x7f")
    with pytest.raises(TableError, match=r"arch_strings.npy: "):
        read(CIFAR10, tmp_path)
