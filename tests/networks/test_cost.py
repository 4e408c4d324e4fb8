from __future__ import annotations

import pytest
import torch

from networks import architecture_costs
from tests.networks.conftest import SMALL, ZOO, space_of, traced

PAPER_PARAMS = {"zoo/resnet20": 272_474, "zoo/resnet18": 11_173_962, "zoo/vgg19": 20_035_018}


@pytest.mark.parametrize("name", ZOO)
def test_the_teacher_costs_the_same_counted_layer_by_layer(name: str) -> None:
    costs, counted = (
        space_of(name).costs(space_of(name).teacher()),
        architecture_costs(traced(name).architecture),
    )
    for cost in ("params", "macs", "bytes", "activations"):
        assert int(getattr(costs, cost)) == int(getattr(counted, cost)), cost


def test_students_cost_the_same_counted_layer_by_layer() -> None:
    for name in SMALL:
        space = space_of(name)
        candidates = space.sample(20, torch.Generator().manual_seed(0))
        costs = space.costs(candidates)
        for i, edits in enumerate(space.edits(candidates)):
            counted = architecture_costs(space.student(edits))
            for cost in ("params", "macs", "bytes", "activations"):
                assert int(getattr(costs, cost)[i]) == int(getattr(counted, cost)), (name, cost)


def test_the_zoo_has_the_sizes_of_the_papers() -> None:
    for name, params in PAPER_PARAMS.items():
        architecture = traced(name).architecture
        last = architecture.tensors[
            "fc.weight" if "fc.weight" in architecture.tensors else "classifier.weight"
        ].shape[1]
        of_ten_classes = int(architecture_costs(architecture).params) + 3 * (last + 1)
        assert of_ten_classes == params


def test_costs_of_many_are_the_costs_of_each() -> None:
    space = space_of("zoo/shufflenet")
    candidates = space.sample(64, torch.Generator().manual_seed(0))
    together = space.costs(candidates)
    for i in (0, 17, 63):
        alone = space.costs(candidates[i : i + 1])
        assert int(alone.params) == int(together.params[i])
        assert int(alone.macs) == int(together.macs[i])
    assert together[3:5].params.tolist() == together.params[3:5].tolist()
