from __future__ import annotations

import pytest
import torch
from torch import nn

from benchmarks.tables.graph import GraphBuilder
from networks import build
from tests.benchmarks.tables.table_modules import traced


def grouped(kernel: int, stride: int, size: int) -> nn.Module:
    conv = nn.Conv2d(3, 6, kernel, stride, kernel // 2, groups=3, bias=False)
    return nn.Sequential(
        conv, nn.BatchNorm2d(6), nn.ReLU(), nn.AvgPool2d(size, size),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4),
    )  # fmt: skip


@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [16, 17])
def test_layers_are_those_of_a_traced_module(kernel: int, stride: int, size: int) -> None:
    graph = GraphBuilder((3, size, size))
    x = graph.relu("relu", graph.unit("unit", "input", 6, kernel, stride, groups=3))
    built = graph.classifier(graph.average_pool("average", x, 2), 4)
    module = traced(grouped(kernel, stride, 2), size)
    assert built.hash == module.hash
    assert [dict(layer.attributes) for layer in built] == [dict(x.attributes) for x in module]
    assert list(built.tensors.values()) == list(module.tensors.values())


def test_a_graph_can_be_built_and_run() -> None:
    graph = GraphBuilder((3, 8, 8))
    first = graph.conv("first", "input", 4, 3)
    architecture = graph.classifier(graph.add("sum", first, graph.norm("norm", first)), 5)
    network = build(architecture)
    assert network(torch.zeros(2, 3, 8, 8)).shape == (2, 5)
