from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from networks import TraceError, build, trace
from tests.networks.tracing.test_operators import Calls

Function = Callable[[Tensor], Tensor]


def _added(x: Tensor) -> Tensor:
    y = x * 2
    y[:, :2] += x[:, 2:]
    return y + 1


def _assigned(x: Tensor) -> Tensor:
    y = x * 2
    y[:, :2] = x[:, 2:]
    return y + 1


def _scaled(x: Tensor) -> Tensor:
    y = x * 2
    y[:, 1:3, 0].mul_(3.0)
    return y + 1


def _kept_under_another_name(x: Tensor) -> Tensor:
    y = x * 2
    same = y[:]
    y[:, :2] += 1
    return same * y


def _twice(x: Tensor) -> Tensor:
    y = x * 2
    y.relu_().add_(1)
    return y + 1


def _other_part(x: Tensor) -> Tensor:
    first, second = (x * 2).chunk(2, 1)
    first.relu_()
    return torch.cat([second, first], 1)


def _other_slice(x: Tensor) -> Tensor:
    y = x * 2
    first, second = y[:, :2], y[:, 2:]
    first.relu_()
    return torch.cat([second, first], 1)


def _copied(x: Tensor) -> Tensor:
    y = x * 2
    y.transpose(1, 2).contiguous().relu_()
    return y + 1


RIGHT = (
    _added,
    _assigned,
    _scaled,
    _kept_under_another_name,
    _twice,
    _other_part,
    _other_slice,
    _copied,
)


@pytest.mark.parametrize("function", RIGHT, ids=lambda function: function.__name__)
def test_what_is_written_in_place_is_read_changed(function: Function) -> None:
    traced = trace(Calls(function), torch.empty(2, 4, 4, device="meta"))  # not compared there
    images = torch.randn(3, 4, 4)
    assert torch.equal(build(traced.architecture)(images), function(images))


def _part_of_a_split(x: Tensor) -> Tensor:
    y = x * 2
    y.chunk(2, 1)[0].relu_()
    return y + 1


def _overlapping(x: Tensor) -> Tensor:
    y = x * 2
    middle = y[:, 1:3]
    y[:, :2] += 1
    return middle + 1


@pytest.mark.parametrize(
    "function", [_part_of_a_split, _overlapping], ids=["a split", "overlapping"]
)
def test_what_can_not_be_followed_is_refused(function: Function) -> None:
    with pytest.raises(TraceError, match="changes in place"):
        trace(Calls(function), torch.empty(2, 4, 4, device="meta"))
