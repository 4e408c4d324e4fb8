from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.tables.channel_bench import MOBILENET, RESNET, read_mobilenet, read_resnet
from benchmarks.tables.digits import DigitForm
from embedding import encode_architecture
from networks import Architecture, Space, architecture_costs
from networks.operators import WEIGHTED
from tests.benchmarks.tables.table_files import write_digits
from tests.benchmarks.tables.table_modules import (
    channel_bench_mobilenet,
    channel_bench_resnet,
    traced,
)

MODULES = {RESNET: channel_bench_resnet, MOBILENET: channel_bench_mobilenet}
# Parameters and MACs as the published table has them.
KNOWN = {"4444444": (15_356_170, 1_436_226_560), "4432214": (6_208_394, 794_495_488)}


def of(form: DigitForm, key: str) -> Architecture:
    return form.build(tuple(int(digit) - 1 for digit in key))


@pytest.mark.parametrize("key", ["1111111", "1213121"])
@pytest.mark.parametrize("form", MODULES)
def test_the_graph_is_that_of_the_traced_module(form: DigitForm, key: str) -> None:
    module = traced(MODULES[form](key))
    assert of(form, key).hash == module.hash
    assert [layer.op for layer in of(form, key)] == [layer.op for layer in module]
    assert [layer.shape for layer in of(form, key)] == [layer.shape for layer in module]


@pytest.mark.parametrize("key", KNOWN)
def test_costs_of_resnets_are_the_published(key: str) -> None:
    counted = architecture_costs(of(RESNET, key))
    assert (int(counted.params), int(counted.macs)) == KNOWN[key]


@pytest.mark.parametrize("form", MODULES)
def test_all_layers_have_the_teachers_names(form: DigitForm) -> None:
    names = [layer.name for layer in of(form, "1213121")]
    assert names == [layer.name for layer in of(form, form.teacher)]


@pytest.mark.parametrize("key", ["1111111", "4444444"])
@pytest.mark.parametrize("form", MODULES)
def test_a_search_takes_its_networks(form: DigitForm, key: str) -> None:
    network = of(form, key)
    space = Space(network)
    assert len(space.groups) >= 7
    tokens = encode_architecture(network)
    assert int(tokens.mask.sum()) == sum(layer.op in WEIGHTED for layer in network)
    assert bool(tokens.values.isfinite().all())


def test_files_are_read(tmp_path: Path) -> None:
    for form, read in ((RESNET, read_resnet), (MOBILENET, read_mobilenet)):
        table = read(write_digits(tmp_path / "t.json", form, ["4444444", "1111112", "1234123"]))
        assert table.name == form.name
        assert table.keys[table.teacher] == "4444444"
        assert table.choices[1].tolist() == [0, 1, 2, 3, 0, 1, 2]
        assert table.cardinalities == (4,) * 7
        assert table.ordinal == (True,) * 7
        assert table.architecture(1).hash == of(form, "1234123").hash
