from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from networks import TraceError, build, trace


class Calls(nn.Module):
    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


FUNCTIONS: list[tuple[str, Callable[[Tensor], Tensor]]] = [
    ("reshape", lambda x: x.view(x.size(0), 2, 2, 6, 6).flatten(3)),
    ("reshape", lambda x: x.unsqueeze(2).squeeze(2)),
    ("permute", lambda x: x.transpose(1, -1)),
    ("permute", lambda x: x.permute(0, 2, 3, 1)),
    ("slice", lambda x: x.split(3, dim=1)[1]),
    ("slice", lambda x: x[:, -2:]),
    ("slice", lambda x: torch.chunk(x, 2, 1)[0]),
    ("cat", lambda x: torch.cat([x, x * 2], dim=-1)),
    ("channel_shuffle", lambda x: functional.channel_shuffle(x, 2)),
    ("mean.dim", lambda x: x.mean((2, 3), keepdim=True)),
    ("relu6", functional.relu6),
    ("leaky_relu", lambda x: functional.leaky_relu_(x * 1, 0.3)),
    ("div.Tensor", lambda x: x / 3 - x),
    ("avg_pool2d", lambda x: functional.avg_pool2d(x, 3, stride=2, padding=1)),
]


@pytest.mark.parametrize(
    ("op", "function"), FUNCTIONS, ids=[f"{i}-{op}" for i, (op, _) in enumerate(FUNCTIONS)]
)
def test_an_operator_is_read_and_built_again(op: str, function: Callable[[Tensor], Tensor]) -> None:
    traced = trace(Calls(function), torch.randn(2, 4, 6, 6))
    assert op in {layer.op for layer in traced.architecture}
    images = torch.randn(5, 4, 6, 6)
    assert torch.equal(build(traced.architecture)(images), function(images))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.reshape(-1, 4),
        lambda x: x.transpose(0, 1),
        lambda x: torch.cat([x, x], dim=0),
        lambda x: x.max(dim=1),
    ],
    ids=["reshape", "transpose", "concatenation", "two outputs"],
)
def test_what_moves_or_mixes_the_batch_is_refused(function: Callable[[Tensor], Tensor]) -> None:
    with pytest.raises(TraceError):
        trace(Calls(function), torch.randn(2, 4, 6, 6))


def test_a_convolution_keeps_its_settings() -> None:
    conv = nn.Conv2d(4, 8, (3, 1), stride=(2, 1), padding="valid", dilation=(1, 2), groups=2)
    layer = trace(conv, torch.randn(2, 4, 9, 9)).architecture.layers[1]
    assert layer.attributes == {
        "stride": [2, 1],
        "padding": "valid",
        "dilation": [1, 2],
        "groups": 2,
    }
