from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from networks import Space, build, trace


class Between(nn.Module):
    """A function between two convolutions of 6 channels on 4x4 images."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 6, 1), nn.Conv2d(6, 6, 1)
        self.function = function
        self.third = nn.LazyConv2d(5, 1)
        self.last = nn.Conv2d(5, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.third(self.function(self.second(self.first(x)))))
        return out.mean((2, 3))


def units_after(function: Callable[[Tensor], Tensor]) -> int:
    """How many units the second convolution's channels have after `function`; 0 if frozen."""
    module = Between(function)
    images = torch.randn(2, 3, 4, 4)
    module(images)
    space = Space(trace(module, images).architecture)
    return sum(g.units for g in space.groups if g.name.startswith("second"))


@pytest.mark.parametrize(
    ("function", "units"),
    [
        (lambda x: x.relu(), 6),
        (lambda x: x[:, 2:5], 6),
        (lambda x: torch.cat([x, x.relu()], 1), 6),
        (lambda x: torch.cat([x, -x], 2), 6),
        (lambda x: x.view(x.size(0), 2, 3, 4, 4).transpose(1, 2).reshape(x.size(0), 6, 4, 4), 3),
        (lambda x: x * x.mean((2, 3), keepdim=True), 6),
        (lambda x: x * x.mean(1, keepdim=True), 0),
        (lambda x: x + x.flip(1), 0),
        (lambda x: x.transpose(1, 2), 0),
        (lambda x: x.softmax(1), 0),
    ],
    ids=[
        "activation",
        "slice",
        "concatenation",
        "concatenation along the image",
        "shuffle",
        "gate",
        "average over channels",
        "unknown operator",
        "channels moved into the image",
        "softmax over channels",
    ],
)
def test_what_a_function_does_to_channels(function: Callable[[Tensor], Tensor], units: int) -> None:
    assert units_after(function) == units


def test_a_constant_input_freezes_what_it_is_added_to() -> None:
    class AddsImage(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 4, 1)
            self.last = nn.Conv2d(4, 2, 1)

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.last(self.second(self.first(x) + x))
            return out.mean((2, 3))

    space = Space(trace(AddsImage(), torch.randn(2, 3, 4, 4)).architecture)
    assert [group.name for group in space.groups] == ["second"]


@pytest.mark.parametrize(
    "row",
    [
        lambda p: p.softmax(0),
        lambda p: p.flip(0),
        lambda p: p.roll(1, 0),
        lambda p: functional.pad(p[None], (0, 0))[0],
        lambda p: p[0].expand(6),
        lambda p: p.mean(0),
        lambda p: p.amax(0, keepdim=True).expand(6),
        lambda p: p[None].relu().flatten(),
    ],
    ids=["softmax", "flip", "roll", "pad", "select", "mean", "maximum", "activation"],
)
def test_a_rule_for_layers_freezes_a_parameter(row: Callable[[Tensor], Tensor]) -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.last = nn.Conv2d(3, 6, 1), nn.Conv2d(6, 5, 1)
            self.p = nn.Parameter(torch.randn(6))
            self.head = nn.Linear(5, 2)

        def forward(self, x: Tensor) -> Tensor:
            out = self.conv(x) * row(self.p).reshape(-1, 1, 1)
            logits: Tensor = self.head(self.last(out).mean((2, 3)))
            return logits

    space = Space(trace(Scaled(), torch.randn(2, 3, 4, 4)).architecture)
    for edits in space.edits(space.smallest()):
        assert build(space.student(edits))(torch.randn(2, 3, 4, 4)).shape == (2, 2)


def test_a_table_that_freezes_channels_is_named() -> None:
    class Table(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.last = nn.Conv2d(3, 6, 1), nn.Conv2d(6, 5, 1)
            self.table = nn.Parameter(torch.randn(6, 16))
            self.head = nn.Linear(5, 2)

        def forward(self, x: Tensor) -> Tensor:
            out = self.conv(x) + self.table.view(6, 4, 4)
            logits: Tensor = self.head(self.last(out).mean((2, 3)))
            return logits

    space = Space(trace(Table(), torch.randn(2, 3, 4, 4)).architecture)
    assert [group.name for group in space.groups] == ["last"]
    assert "a tensor that it reads is kept whole" in space.channels.frozen_by.values()
