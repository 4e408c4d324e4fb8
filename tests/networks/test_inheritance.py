from __future__ import annotations

import numpy as np
import pytest
import torch

from networks import Edits, Space, Traced, inherit
from networks.importance import Importance
from networks.inheritance import choose_units
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


def _importance(space: Space, group: str, values: list[float]) -> Importance:
    """Zero but for the first units of a group."""
    found = np.zeros(space.channels.units + 1)
    start = next(each.first_unit for each in space.groups if each.name == group)
    found[start : start + len(values)] = values
    return found


def test_the_most_important_units_are_kept_in_their_order(
    resnet20_space: Space, resnet20: Traced
) -> None:
    name = "stages.0.0.conv1"
    importance = _importance(resnet20_space, name, [0.0, 5.0, 1.0, 0.0, 7.0])
    inherited = inherit(resnet20_space, Edits((), {name: 3}, ()), resnet20.weights, importance)
    expected = resnet20.weights[f"{name}.weight"][[1, 2, 4]]
    assert torch.equal(inherited[f"{name}.weight"], expected)


def test_of_equals_the_first_are_kept_and_what_is_no_number_goes_first(
    resnet20_space: Space, resnet20: Traced
) -> None:
    name = "stages.0.0.conv1"
    nan = float("nan")
    importance = _importance(resnet20_space, name, [nan, 0.0, nan])
    inherited = inherit(resnet20_space, Edits((), {name: 4}, ()), resnet20.weights, importance)
    expected = resnet20.weights[f"{name}.weight"][[1, 3, 4, 5]]
    assert torch.equal(inherited[f"{name}.weight"], expected)


def test_groups_that_an_edit_ties_are_ranked_by_the_sum_of_their_importances() -> None:
    space, teacher = space_of("zoo/vgg19"), traced("zoo/vgg19")
    removal = next(r for r in space.removals if r.ties)
    tied = [space.groups[number] for number in (removal.ties[0].first, removal.ties[0].second)]
    edits = Edits((removal.name,), {tied[0].name: 2}, ())
    importance = np.zeros(space.channels.units + 1)
    importance[tied[0].first_unit + np.array([5, 6])] = [3.0, 2.0]
    importance[tied[1].first_unit + np.array([6, 7])] = [2.0, 3.5]
    kept = choose_units(space, edits, teacher.weights, importance)
    for group in tied:
        units = kept[group.first_unit : group.first_unit + group.units]
        assert np.flatnonzero(units).tolist() == [6, 7]


def test_an_importance_of_another_space_is_refused(resnet20_space: Space, resnet20: Traced) -> None:
    units = resnet20_space.channels.units
    with pytest.raises(ValueError, match=rf"shape \({units},\), expected \({units + 1},\)"):
        inherit(resnet20_space, Edits((), {}, ()), resnet20.weights, np.zeros(units))
