from __future__ import annotations

import torch
from torch import Tensor, nn

from networks import build, trace


class DeadBranch(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.used = nn.Linear(4, 2)
        self.unused = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        self.unused(x)
        out: Tensor = self.used(x)
        return out


class ReadAfterInplace(nn.Module):
    """What was changed in place is read again under its old name."""

    def forward(self, x: Tensor) -> Tensor:
        y = x * 2
        y.relu_()
        return y + 1


def test_layers_that_the_output_does_not_need_are_left_out() -> None:
    architecture = trace(DeadBranch(), torch.zeros(2, 4)).architecture
    assert [layer.name for layer in architecture] == ["input", "used"]
    assert set(architecture.tensors) == {"used.weight", "used.bias"}


def test_what_was_changed_in_place_is_read_changed() -> None:
    traced = trace(ReadAfterInplace(), torch.randn(2, 4))
    values = torch.tensor([[-1.0, 2.0], [3.0, -4.0]]).repeat(1, 2)
    assert torch.equal(build(traced.architecture)(values), ReadAfterInplace()(values))
    assert not any(layer.op.endswith("_") for layer in traced.architecture)
