from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from networks import Space, TraceError, build, trace


class Block(nn.Module):
    """In-place activations, a functional addition, a chunk whose parts are read together."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.act = nn.ReLU(inplace=True)
        self.second = nn.Conv2d(4, 8, 1)
        self.fc = nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        out = self.act(self.norm(self.conv(x)))
        left, right = out.chunk(2, dim=1)
        out = out + self.second(left * right)
        out += 1.0
        logits: Tensor = self.fc(functional.dropout(out.mean((2, 3)), 0.5, self.training))
        return logits


class Branching(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1) if x.sum() > 0 else -x.flatten(1)


class Foreign(nn.Module):
    """An operator we don't know between convolutions that we do."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 6, 1)
        self.second = nn.Conv2d(6, 5, 1)
        self.third = nn.Conv2d(5, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        out = torch.cumsum(self.first(x), dim=1)
        logits: Tensor = self.third(self.second(out)).amax((2, 3))
        return logits


def test_a_traced_module_computes_what_the_module_does() -> None:
    module = Block().eval()
    traced = trace(module, torch.randn(1, 3, 8, 8))
    images = torch.randn(5, 3, 8, 8)
    assert torch.allclose(build(traced.architecture, traced.weights).eval()(images), module(images))


def test_the_module_is_left_as_it_was() -> None:
    module = Block().train()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    trace(module, torch.randn(2, 3, 8, 8))
    assert module.training
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_layers_have_their_modules_names() -> None:
    names = [layer.name for layer in trace(Block(), torch.zeros(1, 3, 8, 8)).architecture]
    assert {"conv", "norm", "act", "second", "fc"} <= set(names)


def test_an_unknown_operator_is_kept_and_its_channels_are_frozen() -> None:
    traced = trace(Foreign(), torch.randn(2, 3, 4, 4))
    space = Space(traced.architecture)
    assert [group.name for group in space.groups] == ["second"]
    assert any("cumsum" in why for why in space.channels.frozen_by.values())


def test_a_branch_on_data_is_refused_with_its_line() -> None:
    with pytest.raises(TraceError, match=r"at .*test_module\.py:"):
        trace(Branching(), torch.zeros(2, 3))


def test_a_line_of_pythons_own_is_not_named() -> None:
    class Pair(nn.Module):
        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            return x + y

    with pytest.raises(TraceError, match=r"the network: missing a required argument: 'y'$"):
        trace(Pair(), torch.zeros(2, 3))


def test_autocast_is_refused_by_name() -> None:
    class Casts(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(3, 2)

        def forward(self, x: Tensor) -> Tensor:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                out: Tensor = self.fc(x)
            return out.float()

    with pytest.raises(TraceError, match="under autocast: trace it without"):
        trace(Casts(), torch.zeros(2, 3))


class Returning(nn.Module):
    def __init__(self, wrap: Callable[[Tensor], object]) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 2)
        self.wrap = wrap

    def forward(self, x: Tensor) -> object:
        return self.wrap(self.fc(x))


@dataclass
class Output:
    logits: Tensor


@pytest.mark.parametrize(
    ("wrap", "told"),
    [
        (lambda x: (x, x), "a tuple of 2"),
        (lambda x: [x], "a list of 1"),
        (lambda x: {"out": x, "aux": x}, "a dict with keys out, aux"),
        (Output, r"a [\w.]+\.Output$"),
    ],
)
def test_another_output_than_one_tensor_is_named(
    wrap: Callable[[Tensor], object], told: str
) -> None:
    with pytest.raises(
        TraceError, match=rf"^the network must return one tensor .* it returned {told}"
    ):
        trace(Returning(wrap), torch.zeros(2, 3))


@pytest.mark.parametrize(
    ("wrap", "told"),
    [
        (lambda x: x if x.sum() > 0 else -x, "depends on the values in a tensor, which a graph"),
        (lambda x: x.reshape(2, 2), "it takes batches of exactly 2;"),
    ],
)
def test_why_it_can_not_be_traced_is_told_in_a_line(
    wrap: Callable[[Tensor], object], told: str
) -> None:
    with pytest.raises(TraceError, match=told) as caught:
        trace(Returning(wrap), torch.zeros(2, 3))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "example", [torch.zeros(2, 3, dtype=torch.int64), torch.zeros(3), torch.zeros(0, 3)]
)
def test_an_example_that_is_no_batch_of_floats_is_refused(example: Tensor) -> None:
    with pytest.raises(TraceError, match="float tensor"):
        trace(nn.Linear(3, 2), example)


def test_shared_weights_are_traced_once() -> None:
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 3, padding=1)

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.conv(functional.relu(self.conv(x)))
            return out.mean((2, 3))

    module = Shared().eval()
    traced = trace(module, torch.randn(2, 3, 8, 8))
    assert set(traced.architecture.tensors) == {"conv.weight", "conv.bias"}
    images = torch.randn(2, 3, 8, 8)
    again = build(traced.architecture, traced.weights)
    assert torch.allclose(again(images), module(images), atol=1e-6)


@pytest.mark.parametrize(("value", "kind"), [(float("nan"), "NaN"), (float("inf"), "an infinity")])
def test_a_weight_that_is_not_finite_is_named(value: float, kind: str) -> None:
    linear = nn.Linear(12, 2)
    module = nn.Sequential(nn.Flatten(), linear)
    with torch.no_grad():
        linear.weight[0, 0] = value
    with pytest.raises(TraceError, match=f"tensor '1.weight' holds {kind}"):
        trace(module, torch.zeros(2, 3, 2, 2))


def test_an_answer_that_is_not_finite_is_told() -> None:
    with pytest.raises(TraceError, match="answers to the example holds NaN"):
        trace(nn.Sequential(nn.Flatten(), nn.Linear(12, 2)), torch.full((2, 3, 2, 2), float("nan")))
