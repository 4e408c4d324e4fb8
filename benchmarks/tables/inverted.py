"""MobileNetV2's block, which two of the tables are made of."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.tables.graph import GraphBuilder


@dataclass(frozen=True)
class Inverted:
    """A block's sizes.

    Attributes:
        hidden: Channels between its two 1x1 convolutions.
        width: Channels that it puts out.
        kernel: Of its depthwise convolution.
        stride: Of its depthwise convolution.
        skip: Whether its input is added to its output.
    """

    hidden: int
    width: int
    kernel: int
    stride: int
    skip: bool


def add_inverted(graph: GraphBuilder, name: str, source: str, form: Inverted) -> str:
    """Adds 1x1, depthwise and 1x1 convolutions; returns the name of what comes out."""
    hidden = form.hidden
    x = graph.unit(f"{name}.expand", source, hidden, 1)
    x = graph.relu(f"{name}.expand.relu", x)
    x = graph.unit(f"{name}.depthwise", x, hidden, form.kernel, form.stride, groups=hidden)
    x = graph.relu(f"{name}.depthwise.relu", x)
    x = graph.unit(f"{name}.project", x, form.width, 1)
    return graph.add(f"{name}.add", x, source) if form.skip else x
