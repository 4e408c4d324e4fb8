from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from networks import Space, trace
from networks.channels.labels import FIXED
from networks.importance.makers import filters, scales
from tests.networks.importance.samples import sample


def test_depthwise_and_grouped_convolutions_make_channels() -> None:
    space, _ = sample("mixed")
    assert [maker.layer for maker in filters(space)] == ["0", "3", "6"]  # the classes stay
    assert [maker.layer for maker in scales(space)] == ["1", "4"]


def test_a_maker_has_a_unit_for_each_row_of_its_weight() -> None:
    space, traced = sample("transformer")
    makers = [*filters(space), *scales(space)]
    assert {maker.weight for maker in makers} > {"conv_proj.weight", "encoder.ln.weight"}
    for maker in makers:
        assert len(maker.units) == len(traced.weights[maker.weight])
        assert (maker.units != FIXED).any()
        assert maker.bias is None or len(traced.weights[maker.bias]) == len(maker.units)


def test_a_network_without_norms_has_no_scales() -> None:
    space, _ = sample("without norms")
    assert not list(scales(space))
    assert [np.sort(maker.units).tolist() for maker in filters(space)] == [list(range(6))] * 2


class Recurrent(nn.Module):
    """A convolution that is applied twice."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3)
        self.conv = nn.Conv2d(6, 6, 3, padding=1)
        self.head = nn.Linear(6, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(self.conv(self.stem(x)).relu())
        logits: Tensor = self.head(x.mean((2, 3)))
        return logits


def test_a_filter_that_several_layers_share_counts_once() -> None:
    space = Space(trace(Recurrent(), torch.zeros(2, 3, 8, 8)).architecture)
    assert [maker.weight for maker in filters(space)] == ["stem.weight", "conv.weight"]
