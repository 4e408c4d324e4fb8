from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from tests.networks.channels.test_rules import units_after

Function = Callable[[Tensor], Tensor]

WHOLE: dict[str, Function] = {
    "permuted to the last and back": lambda x: x.permute(0, 2, 3, 1).permute(0, 3, 1, 2),
    "batch second and back": lambda x: x.flatten(2).permute(2, 0, 1).permute(1, 2, 0).unsqueeze(3),
    "batch past the image": lambda x: (
        x.flatten(2).permute(2, 0, 1).reshape(-1, 6).view(16, -1, 6).permute(1, 2, 0).unsqueeze(3)
    ),
    "windows": lambda x: (
        x.permute(0, 2, 3, 1)
        .reshape(-1, 2, 2, 2, 2, 6)
        .transpose(2, 3)
        .reshape(-1, 4, 6)
        .view(-1, 4, 4, 6)
        .permute(0, 3, 1, 2)
    ),
    "rolled along the image": lambda x: x.roll((1, 1), (2, 3)),
    "flipped along the image": lambda x: x.flip(3),
    "padded along the image": lambda x: functional.pad(x, (0, 0, 1, 1)),
    "every other row": lambda x: x[:, :, ::2],
    "a row": lambda x: x.select(2, 1).unsqueeze(2),
    "enlarged": lambda x: functional.interpolate(x, scale_factor=2, mode="bilinear"),
    "sum over the image": lambda x: x.sum((2, 3), keepdim=True),
    "maximum over the image": lambda x: x.amax((2, 3), keepdim=True),
    "softmax over the image": lambda x: x.softmax(-1),
    "stretched over the image": lambda x: x.mean((2, 3), keepdim=True).expand(-1, -1, 4, 4),
    "stretched like another": lambda x: x.mean((2, 3), keepdim=True).expand_as(x),
    "parts": lambda x: torch.cat(x.split([2, 4], dim=1), 1),
}
FROZEN: dict[str, Function] = {
    "channels rolled": lambda x: x.roll(1, 1),
    "channels padded": lambda x: functional.pad(x, (0, 0, 0, 0, 1, 1)),
    "every other channel": lambda x: x[:, ::2],
    "a channel": lambda x: x.select(1, 2).unsqueeze(1),
    "sum over channels": lambda x: x.sum(1, keepdim=True),
    "channels repeated": lambda x: x.repeat(1, 2, 1, 1),
    "channels folded into the batch": lambda x: x.reshape(-1, 1, 4, 4).relu().view(-1, 6, 4, 4),
}


@pytest.mark.parametrize("function", WHOLE.values(), ids=WHOLE.keys())
def test_channels_pass_what_moves_nothing_along_them(function: Function) -> None:
    assert units_after(function) == 6


@pytest.mark.parametrize("function", FROZEN.values(), ids=FROZEN.keys())
def test_channels_are_frozen_by_what_moves_along_them(function: Function) -> None:
    assert units_after(function) == 0


def test_heads_that_share_a_batch_stay_equally_wide() -> None:
    def heads(x: Tensor) -> Tensor:
        folded = x.reshape(-1, 3, 4, 4).relu()  # two heads of three channels
        return folded.reshape(-1, 6, 4, 4)

    assert units_after(heads) == 3
