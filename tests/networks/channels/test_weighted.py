from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from networks import Space, build, trace


def _groups(module: nn.Module, *shape: int) -> dict[str, int]:
    space = Space(trace(module, torch.randn(2, *shape)).architecture)
    return {group.name: group.units for group in space.groups}


@pytest.mark.parametrize(
    ("norm", "units"),
    [
        (nn.BatchNorm2d(6), 6),
        (nn.GroupNorm(1, 6), 6),
        (nn.GroupNorm(3, 6), 2),
        (nn.LayerNorm([6, 4, 4]), 0),
        (nn.PReLU(6), 6),
        (nn.PReLU(), 6),
        (nn.InstanceNorm2d(6, affine=True), 0),
    ],
    ids=repr,
)
def test_what_a_normalisation_does_to_channels(norm: nn.Module, units: int) -> None:
    module = nn.Sequential(nn.Conv2d(3, 6, 1), norm, nn.Conv2d(6, 5, 1), nn.Conv2d(5, 2, 1))
    groups = _groups(nn.Sequential(module, nn.Flatten()), 3, 4, 4)
    assert groups.get("0.0", 0) == units
    assert groups["0.2"] == 5


class Token(nn.Module):
    """A class token before the image's tokens, and a position for each."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(3, 6)
        self.token = nn.Parameter(torch.randn(1, 1, 6))
        self.position = nn.Parameter(torch.randn(1, 5, 6))
        self.norm = nn.LayerNorm(6)
        self.mlp = nn.Sequential(nn.Linear(6, 8), nn.GELU(), nn.Linear(8, 6))
        self.head = nn.Linear(6, 2)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.embed(x.flatten(2).transpose(1, 2))
        token = self.token.expand(x.size(0), -1, -1)
        tokens = torch.cat([token, tokens], dim=1) + self.position
        tokens = tokens + self.mlp(self.norm(tokens))
        logits: Tensor = self.head(tokens[:, 0])
        return logits


def test_a_class_token_and_positions_shrink_with_what_they_meet() -> None:
    space = Space(trace(Token(), torch.randn(2, 3, 2, 2)).architecture)
    assert {group.units for group in space.groups} == {6, 8}
    student = space.architecture
    for edits in space.edits(space.smallest()):
        student = space.student(edits)
    assert student.tensors["token"].shape == (1, 1, 1)
    assert student.tensors["position"].shape == (1, 5, 1)


def test_a_computed_weight_is_frozen_and_named() -> None:
    class Standardised(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.last = nn.Conv2d(3, 6, 1), nn.Linear(6, 5)
            self.head = nn.Linear(5, 2)

        def forward(self, x: Tensor) -> Tensor:
            weight = self.conv.weight / self.conv.weight.std()
            out = nn.functional.conv2d(x, weight).mean((2, 3))
            logits: Tensor = self.head(self.last(out))
            return logits

    space = Space(trace(Standardised(), torch.randn(2, 3, 4, 4)).architecture)
    assert [group.name for group in space.groups] == ["last"]
    assert any("computed" in why for why in space.channels.frozen_by.values())


def test_a_row_of_scales_that_is_reshaped_shrinks_with_its_channels() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.last = nn.Conv2d(3, 6, 1), nn.Conv2d(6, 2, 1)
            self.gamma = nn.Parameter(torch.randn(6))

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.last(self.conv(x) * self.gamma.reshape(1, -1, 1, 1))
            return out.mean((2, 3))

    space = Space(trace(Scaled(), torch.randn(2, 3, 4, 4)).architecture)
    assert [(group.name, group.units) for group in space.groups] == [("conv", 6)]
    assert not space.channels.frozen_by
    (edits,) = space.edits(space.smallest())
    student = space.student(edits)
    assert student.tensors["gamma"].shape == (1,)
    assert build(student)(torch.randn(2, 3, 4, 4)).shape == (2, 2)
