from __future__ import annotations

import torch
from torch import Tensor, nn

from networks import Space, trace
from tests.networks.conftest import space_of


def _groups(module: nn.Module, *shape: int) -> dict[str, int]:
    space = Space(trace(module, torch.randn(2, *shape)).architecture)
    return {group.name: group.units for group in space.groups}


def test_a_residual_stage_is_one_group(resnet20_space: Space) -> None:
    groups = {group.name: group.units for group in resnet20_space.groups}
    assert groups["conv1"] == 16
    assert groups["stages.1.0.conv2"] == 32
    assert len(groups) == 3 + 9  # a group for each stage's stream, and one inside each block


def test_every_unit_stands_equally_often_along_each_axis() -> None:
    space = space_of("torchvision/shufflenet_v2_x0_5")
    for group in space.groups:
        members = range(group.first_unit, group.first_unit + group.units)
        for units in space.channels.outputs.values():
            counts = {int((units == unit).sum()) for unit in members}
            assert len(counts) == 1


def test_a_depthwise_convolution_lives_with_what_feeds_it() -> None:
    groups = {group.name: group.units for group in space_of("torchvision/mobilenet_v2").groups}
    assert groups["features.2.conv.0.0"] == 96
    assert "features.2.conv.1.0" not in groups


def test_flattened_channels_are_followed_into_the_linear_layer() -> None:
    module = nn.Sequential(nn.Conv2d(3, 6, 3), nn.Flatten(), nn.Linear(6 * 36, 5), nn.Linear(5, 2))
    assert _groups(module, 3, 8, 8) == {"0": 6, "2": 5}


def test_a_grouped_convolution_keeps_its_groups_equal() -> None:
    module = nn.Sequential(
        nn.Conv2d(3, 8, 1), nn.Conv2d(8, 12, 1, groups=4), nn.Conv2d(12, 2, 1), nn.Flatten()
    )
    assert _groups(module, 3, 4, 4) == {"0": 2, "1": 3}


def test_concatenated_channels_stay_apart() -> None:
    class Concatenates(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.left, self.right = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 5, 1)
            self.last = nn.Conv2d(9, 2, 1)

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.last(torch.cat([self.left(x), self.right(x)], 1))
            return out.mean((2, 3))

    assert _groups(Concatenates(), 3, 4, 4) == {"left": 4, "right": 5}


def test_a_gate_of_one_channel_is_kept() -> None:
    class Gated(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.gate = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 1, 1)
            self.last = nn.Conv2d(4, 2, 1)

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.last(self.body(x) * torch.sigmoid(self.gate(x)))
            return out.mean((2, 3))

    assert _groups(Gated(), 3, 4, 4) == {"body": 4}


def test_the_input_and_the_logits_are_never_dropped(resnet20_space: Space) -> None:
    outputs = resnet20_space.channels.outputs
    assert (outputs["input"] == -1).all()
    assert (outputs["fc"] == -1).all()
