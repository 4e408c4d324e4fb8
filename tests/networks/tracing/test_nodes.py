from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from networks import Architecture, TraceError, build, trace
from networks.tracing.nodes import batch_multiple


class Calls(nn.Module):
    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def _windows(x: Tensor) -> Tensor:
    """Four windows of an image folded into the batch, and back."""
    folded = x.view(x.size(0), 3, 2, 2, 2, 2).permute(0, 2, 4, 1, 3, 5).reshape(-1, 3, 4)
    back = folded.softmax(-1).view(folded.size(0) // 4, 2, 2, 3, 2, 2)
    return back.permute(0, 3, 1, 4, 2, 5).reshape(x.size(0), 3, 4, 4)


def test_a_batch_that_windows_are_folded_into_is_counted() -> None:
    traced = trace(Calls(_windows), torch.randn(2, 3, 4, 4))
    images = torch.randn(5, 3, 4, 4)
    assert torch.equal(build(traced.architecture)(images), _windows(images))
    extents = {(layer.shape, layer.repeats, layer.batch_dim) for layer in traced.architecture}
    assert ((3, 4), 4, 0) in extents


def test_a_size_that_is_a_multiple_of_the_batch_is_kept() -> None:
    def scaled(x: Tensor) -> Tensor:
        return (x.reshape(-1, 2) * torch.full((x.size(0) * 4, 1), 3.0)).view(x.size(0), 8)

    traced = trace(Calls(scaled), torch.randn(2, 8))
    images = torch.randn(5, 8)
    assert torch.equal(build(traced.architecture)(images), scaled(images))


def test_a_batch_that_is_moved_is_followed() -> None:
    def moved(x: Tensor) -> Tensor:
        return (x.flatten(2).permute(2, 0, 1) * 2).transpose(0, 1).flatten(1)

    traced = trace(Calls(moved), torch.randn(2, 3, 4, 4))
    images = torch.randn(5, 3, 4, 4)
    assert torch.equal(build(traced.architecture)(images), moved(images))
    assert ((16, 3), 1) in {(layer.shape, layer.batch_dim) for layer in traced.architecture}


def test_what_does_not_depend_on_the_images_has_no_batch() -> None:
    class Table(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Parameter(torch.randn(4, 4))

        def forward(self, x: Tensor) -> Tensor:
            return x.flatten(1) @ self.table.exp()

    traced = trace(Table(), torch.randn(2, 1, 2, 2))
    assert [layer.shape for layer in traced.architecture if layer.batch_dim is None] == [(4, 4)]


@pytest.mark.parametrize(
    ("size", "multiple"),
    [("s77", 1), ("64*s0", 64), ("s0 + 1", None), ("s0//2", None), ("7", None)],
)
def test_multiples_of_the_batch_size_are_read(size: str, multiple: int | None) -> None:
    assert batch_multiple(size) == multiple


def test_a_size_that_is_no_multiple_of_the_batch_is_refused() -> None:
    with pytest.raises(TraceError, match="batch"):
        trace(Calls(lambda x: torch.cat([x, x[:1]], 0)[:-1] * 2), torch.randn(2, 3))


def test_double_precision_is_refused_by_name() -> None:
    with pytest.raises(TraceError, match=r"'weight' is float64|weight.* is float64"):
        trace(nn.Linear(3, 2).double(), torch.randn(2, 3, dtype=torch.float64))


def test_an_argument_that_is_not_finite_is_written_down_and_read() -> None:
    def padded(x: Tensor) -> Tensor:
        return functional.max_pool2d(functional.pad(x, (0, 1, 0, 1), value=-math.inf), 3, 2)

    architecture = trace(Calls(padded), torch.empty(2, 3, 6, 6, device="meta")).architecture
    again = Architecture.from_json(architecture.to_json())
    images = -torch.rand(5, 3, 6, 6)
    assert again == architecture
    assert torch.equal(build(again)(images), padded(images))
