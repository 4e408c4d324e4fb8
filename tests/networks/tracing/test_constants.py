from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from networks import Architecture, build, trace


class Masked(nn.Module):
    """Draws a mask in place into zeros, as Swin does, and reads it through an index."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        mask = x.new_zeros((4,))
        mask[1:3] = 2.0
        order = torch.tensor([3, 1, 0, 2])
        out: Tensor = self.fc(x) + mask[order]
        return out.masked_fill(mask == 0, -1.0)


class ZeroedBias(nn.Module):
    """Zeroes a part of its bias at each call, as Swin v2 does."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 6)

    def forward(self, x: Tensor) -> Tensor:
        bias = self.fc.bias.clone()
        bias[2:4].zero_()
        return functional.linear(x, self.fc.weight, bias)


def test_what_is_computed_from_constants_is_computed_once() -> None:
    module = Masked().eval()
    traced = trace(module, torch.randn(2, 4))
    images = torch.randn(5, 4)
    built = build(traced.architecture, traced.weights).eval()
    assert torch.equal(built(images), module(images))
    assert "new_zeros" not in {layer.op for layer in traced.architecture}


def test_constants_keep_their_types_and_are_not_trained() -> None:
    architecture = trace(Masked(), torch.randn(2, 4)).architecture
    constants = [spec for name, spec in architecture.tensors.items() if not name.startswith("fc.")]
    assert {spec.dtype for spec in constants} == {"float32", "bool"}
    assert not any(spec.trainable for spec in constants)
    assert Architecture.from_json(architecture.to_json()) == architecture


def test_a_part_that_is_changed_in_place_changes_the_whole() -> None:
    module = ZeroedBias().eval()
    nn.init.ones_(module.fc.bias)
    traced = trace(module, torch.randn(2, 4))
    images = torch.randn(5, 4)
    built = build(traced.architecture, traced.weights).eval()
    assert torch.allclose(built(images), module(images))
    assert traced.architecture.tensors["fc.bias"].trainable
