from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from networks import build, trace


class Loose(nn.Module):
    """Weights that stand in the network itself, one used twice, one with a name of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.randn(4, 4))
        self.second = nn.Parameter(torch.randn(4, 4))
        self.in_proj_weight = nn.Parameter(torch.randn(4, 4))
        self.in_proj_bias = nn.Parameter(torch.randn(4))

    def forward(self, x: Tensor) -> Tensor:
        out = functional.linear(functional.linear(x, self.first), self.second)
        out = functional.linear(out.relu(), self.first)
        return functional.linear(out, self.in_proj_weight, self.in_proj_bias)


def test_weights_without_a_module_of_their_own_are_given_one() -> None:
    module = Loose().eval()
    traced = trace(module, torch.randn(2, 4))
    assert set(traced.weights) == {
        "first.weight",
        "second.weight",
        "in_proj.weight",
        "in_proj.bias",
    }
    assert all(spec.trainable for spec in traced.architecture.tensors.values())
    images = torch.randn(3, 4)
    built = build(traced.architecture, traced.weights)
    assert isinstance(built.get_submodule("in_proj"), nn.Linear)
    assert torch.allclose(built(images), module(images), atol=1e-5)


def test_weights_that_are_tied_across_modules_are_kept_tied() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)
            self.second.weight = self.first.weight

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.second(self.first(x))
            return out

    module = Tied().eval()
    traced = trace(module, torch.randn(2, 4))
    assert set(traced.weights) == {"first.bias", "second.weight", "second.bias"}
    images = torch.randn(3, 4)
    assert torch.allclose(build(traced.architecture, traced.weights)(images), module(images))


class Reused(nn.Module):
    """Tensors of the network that several calls read, each in another way."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.randn(4, 4, 3, 3))
        self.v = nn.Parameter(torch.randn(4, 4))
        self.b, self.c = nn.Parameter(torch.randn(4)), nn.Parameter(torch.randn(4))
        self.norm = nn.BatchNorm2d(4)

    def forward(self, x: Tensor) -> Tensor:
        norm = self.norm
        out = functional.conv2d(x, self.w, padding=1)
        out = out + functional.conv2d(x, self.w, padding=2, dilation=2)
        again = functional.batch_norm(out, norm.running_mean, norm.running_var, eps=0.5)
        out = (norm(out) + again).mean((2, 3))
        out = functional.linear(out, self.v, self.b) @ self.v
        return functional.linear(out, self.v, self.c) + functional.linear(out, self.v)


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_layers_that_share_a_tensor_and_differ_are_kept_apart(device: str) -> None:
    module = Reused().eval()
    example = torch.randn(2, 4, 5, 5)
    expected = module(example)
    state = {k: v for k, v in module.state_dict().items() if "batches" not in k}
    traced = trace(module.to(device), example.to(device))
    assert sum(spec.numel for spec in traced.architecture.tensors.values()) == sum(
        value.numel() for value in state.values()
    )
    weights = {
        name: state[name if name in state else name[0]] for name in traced.architecture.tensors
    }
    weights["v.bias"] = state["b"]
    built = build(traced.architecture, weights).eval()
    assert torch.allclose(built(example), expected, atol=1e-5)


def test_parts_named_as_a_built_network_s_own_are_renamed() -> None:
    class Named(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.meta, self.graph, self.meta_ = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4)
            self.code = nn.Parameter(torch.randn(4))
            self.recompile = nn.Dropout(0.1)

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.recompile(self.graph(self.meta_(self.meta(x))) * self.code)
            return out

    module = Named().eval()
    traced = trace(module, torch.randn(2, 4))
    built = build(traced.architecture, traced.weights).eval()
    images = torch.randn(3, 4)
    assert torch.allclose(built(images), module(images))
    assert {"meta__.weight", "graph_.weight", "code_", "meta_.weight"} <= set(traced.weights)
