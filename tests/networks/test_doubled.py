from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from networks import Edits, Space, trace
from networks.doubled import DoubledActivations


class _Residual(nn.Module):
    """Without its block the second ReLU reads the first."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.block = nn.Conv2d(4, 4, 3, padding=1)
        self.head = nn.Linear(64, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x).relu()
        x = (x + self.block(x)).relu()
        logits: Tensor = self.head(x.flatten(1))
        return logits


def _space() -> Space:
    return Space(trace(_Residual(), torch.zeros(2, 3, 4, 4)).architecture)


def _elements(space: Space, edits: Edits) -> int:
    return sum(math.prod(layer.shape) for layer in space.student(edits))


def test_an_activation_that_reads_its_like_is_named() -> None:
    space = _space()
    doubled = DoubledActivations(space.architecture, space.removals, space.skips)
    block = next(r.name for r in space.removals if space.architecture[r.end].op == "add.Tensor")
    candidates = space.candidates([Edits((), {}, ()), Edits((block,), {}, ())])
    ((number, drops),) = doubled(candidates).items()
    assert space.architecture.layers[number].op == "relu"
    assert drops.tolist() == [False, True]


def test_what_the_costs_count_is_what_editing_leaves(resnet20_space: Space) -> None:
    for space in (_space(), resnet20_space):
        candidates = space.sample(60, torch.Generator().manual_seed(0))
        activations = space.costs(candidates).activations.tolist()
        assert activations == [_elements(space, edits) for edits in space.edits(candidates)]


def test_a_skip_between_them_keeps_both(resnet20_space: Space) -> None:
    space = resnet20_space
    blocks = [r for r in space.removals if space.architecture[r.end].op == "add.Tensor"]
    for skip in space.skips:
        removed = tuple(r.name for r in blocks if r.start == skip.end)
        edits = Edits(removed, {}, ((skip.start, skip.end),))
        assert _elements(space, edits) == int(space.costs(space.candidates([edits])).activations)
