from __future__ import annotations

import torch

from networks import Edits, Space, Traced, inherit
from tests.networks.conftest import space_of, traced


def test_the_units_with_the_largest_weights_are_kept(
    resnet20_space: Space, resnet20: Traced
) -> None:
    weights = {name: value.clone() for name, value in resnet20.weights.items()}
    weights["stages.0.0.conv1.weight"] *= 0.01
    for strong in (3, 7, 12):
        weights["stages.0.0.conv1.weight"][strong] += 1.0
    inherited = inherit(resnet20_space, Edits((), {"stages.0.0.conv1": 3}, ()), weights)
    assert torch.equal(
        inherited["stages.0.0.conv1.weight"], weights["stages.0.0.conv1.weight"][[3, 7, 12]]
    )
    assert torch.equal(
        inherited["stages.0.0.conv2.weight"], weights["stages.0.0.conv2.weight"][:, [3, 7, 12]]
    )


def test_tied_groups_keep_the_same_units() -> None:
    space, teacher = space_of("zoo/vgg19"), traced("zoo/vgg19")
    removal = next(r for r in space.removals if r.ties)
    group = space.groups[removal.ties[0].first].name
    edits = Edits((removal.name,), {group: 20}, ())
    inherited = inherit(space, edits, teacher.weights)
    student = space.student(edits)
    assert {name: tuple(value.shape) for name, value in inherited.items()} == {
        name: spec.shape for name, spec in student.tensors.items()
    }


def test_the_teachers_weights_are_copied_not_shared(
    resnet20_space: Space, resnet20: Traced
) -> None:
    before = resnet20.weights["fc.bias"].clone()
    inherited = inherit(resnet20_space, Edits((), {}, ()), resnet20.weights)
    inherited["fc.bias"] += 1
    assert torch.equal(resnet20.weights["fc.bias"], before)
