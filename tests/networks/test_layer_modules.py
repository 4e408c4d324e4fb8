from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from networks import Architecture, build, trace
from networks.layer_modules import make_module


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (nn.Conv2d(4, 6, (3, 1), stride=2, padding="valid", groups=2, bias=False), (4, 9, 9)),
        (nn.Linear(4, 3, bias=False), (5, 4)),
        (nn.BatchNorm2d(4, eps=0.1, momentum=0.3), (4, 3, 3)),
        (nn.BatchNorm1d(4, affine=False), (4,)),
        (nn.LayerNorm(4, eps=0.1), (5, 4)),
        (nn.LayerNorm([5, 4], elementwise_affine=False), (5, 4)),
        (nn.LayerNorm(4, bias=False), (5, 4)),
        (nn.GroupNorm(2, 4, eps=0.1), (4, 3, 3)),
        (nn.Dropout(0.3), (4,)),
    ],
    ids=repr,
)
def test_a_module_is_made_again(module: nn.Module, shape: tuple[int, ...]) -> None:
    traced = trace(nn.Sequential(module), torch.randn(2, *shape))
    (layer,) = traced.architecture.layers[1:]
    assert type(make_module(traced.architecture, layer)) is type(module)
    images = torch.randn(3, *shape)
    built = build(Architecture.from_json(traced.architecture.to_json()), traced.weights)
    assert torch.allclose(built.eval()(images), module.eval()(images), atol=1e-6)


def test_what_is_not_trained_is_no_parameter() -> None:
    class Blurs(nn.Module):
        """A convolution whose kernel is a buffer, as anti-aliased pooling has."""

        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("kernel", torch.full((4, 1, 3, 3), 1 / 9))

        def forward(self, x: Tensor) -> Tensor:
            return functional.conv2d(x, self.get_buffer("kernel"), groups=4)

    module = Blurs()
    traced = trace(module, torch.randn(2, 4, 6, 6))
    built = build(traced.architecture, traced.weights)
    images = torch.randn(3, 4, 6, 6)
    assert list(built.parameters()) == []
    assert torch.allclose(built(images), module(images))
