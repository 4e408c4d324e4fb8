from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from networks import Space, TensorSpec, trace


class Scaled(nn.Module):
    """A scale of any shape on a convolution's channels."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 6, 1), nn.Conv2d(6, 2, 1)
        self.scale = nn.Parameter(torch.randn(shape))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.first(x) * self.scale)
        return out.mean((2, 3))


@pytest.mark.parametrize(
    ("shape", "smallest"),
    [
        ((6, 1, 1), (1, 1, 1)),
        ((1, 6, 1, 1), (1, 1, 1, 1)),
        ((1, 6, 4, 4), (1, 1, 4, 4)),
        ((6, 4, 4), (1, 4, 4)),
        ((1, 1, 1), (1, 1, 1)),
        ((4, 4), (4, 4)),
        ((), ()),
    ],
    ids=str,
)
def test_a_scale_shrinks_with_the_channels(
    shape: tuple[int, ...], smallest: tuple[int, ...]
) -> None:
    space = Space(trace(Scaled(shape), torch.randn(2, 3, 4, 4)).architecture)
    (edits,) = space.edits(space.smallest())
    assert edits.widths == {"first": 1}
    assert space.student(edits).tensors["scale"] == TensorSpec(smallest, trainable=True)


def test_a_gate_computed_from_parameters_alone_freezes_what_it_meets() -> None:
    class Gated(Scaled):
        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.last(self.first(x) * self.scale.sigmoid())
            return out.mean((2, 3))

    with pytest.raises(Exception, match="nothing in this network"):
        Space(trace(Gated((6, 1, 1)), torch.randn(2, 3, 4, 4)).architecture)


def test_a_tensor_along_the_batch_freezes_nothing_it_does_not_meet() -> None:
    class Table(nn.Module):
        """Attention-like scores with a bias of their own beside channels that can shrink."""

        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Linear(3, 6), nn.Linear(6, 2)
            self.bias = nn.Parameter(torch.zeros(1, 4, 4))

        def forward(self, x: Tensor) -> Tensor:
            tokens = x.flatten(2).transpose(1, 2)
            scores = (tokens @ tokens.transpose(1, 2) + self.bias.tanh()).softmax(-1)
            logits: Tensor = self.last(self.first(scores @ tokens).mean(1))
            return logits

    space = Space(trace(Table(), torch.randn(2, 3, 2, 2)).architecture)
    assert [group.name for group in space.groups] == ["first"]
