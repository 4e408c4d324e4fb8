"""Channel-Bench-Macro on CIFAR-10: ResNets and MobileNets of seven widths [Su2022].

[Su2022] Su et al., Searching for Network Width With Bilaterally Coupled Network, TPAMI 2022.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.tables.digits import DigitForm, read_digits
from benchmarks.tables.graph import GraphBuilder
from benchmarks.tables.inverted import Inverted, add_inverted
from benchmarks.tables.table import Table
from networks import Architecture

RESNET_FILES = ("channel-bench-macro-resnet-cifar10.json", "Results_ResNet.json")
MOBILENET_FILES = ("channel-bench-macro-mobilenet-cifar10.json", "Results_MobileNet.json")


IMAGE = (3, 32, 32)
CLASSES = 10
QUARTERS = 4
RESNET_WIDTHS = (256, 256, 256, 512, 512, 512, 512)
MOBILENET_WIDTHS = (128, 768, 768, 768, 256, 1536, 1024)


def resnet(choices: tuple[int, ...]) -> Architecture:
    """Returns the ResNet of one choice a width: 0 a quarter of it, 3 all."""
    c0, c1, c2, c3, c4, c5, c6 = _widths(RESNET_WIDTHS, choices)
    graph, x = _stem(c0)
    x = _basic(graph, "block1", x, (c1, c0))
    x = _basic(graph, "block2", x, (c2, c0))
    x = _basic(graph, "block3", x, (c3, c4), stride=2)
    x = _basic(graph, "block4", x, (c5, c4))
    x = _basic(graph, "block5", x, (c6, c4))
    return graph.classifier(x, CLASSES)


def mobilenet(choices: tuple[int, ...]) -> Architecture:
    """Returns the MobileNet of one choice a width: 0 a quarter of it, 3 all."""
    c0, c1, c2, c3, c4, c5, c6 = _widths(MOBILENET_WIDTHS, choices)
    graph, x = _stem(c0)
    x = add_inverted(graph, "block1", x, Inverted(c1, c0, 3, 1, skip=True))
    x = add_inverted(graph, "block2", x, Inverted(c2, c0, 3, 1, skip=True))
    x = add_inverted(graph, "block3", x, Inverted(c3, c4, 3, 2, skip=False))
    x = add_inverted(graph, "block4", x, Inverted(c5, c4, 3, 1, skip=True))
    x = graph.relu("head.relu", graph.unit("head", x, c6, 1))
    return graph.classifier(x, CLASSES)


def _widths(base: tuple[int, ...], choices: tuple[int, ...]) -> list[int]:
    return [width * (choice + 1) // QUARTERS for width, choice in zip(base, choices, strict=True)]


def _stem(width: int) -> tuple[GraphBuilder, str]:
    graph = GraphBuilder(IMAGE)
    return graph, graph.relu("stem.relu", graph.unit("stem", "input", width, 3, 2))


def _basic(
    graph: GraphBuilder, name: str, source: str, widths: tuple[int, int], stride: int = 1
) -> str:
    """Adds two 3x3 convolutions, and the skip where the stride is 1."""
    x = graph.relu(f"{name}.relu1", graph.unit(f"{name}.unit1", source, widths[0], 3, stride))
    x = graph.unit(f"{name}.unit2", x, widths[1], 3)
    if stride == 1:
        x = graph.add(f"{name}.add", source, x)
    return graph.relu(f"{name}.relu2", x)


RESNET = DigitForm(
    name="channel-bench-resnet",
    digits="1234",
    columns=7,
    ordinal=True,
    runs="acc",
    mean="mean",
    build=resnet,
)
MOBILENET = DigitForm(
    name="channel-bench-mobilenet",
    digits="1234",
    columns=7,
    ordinal=True,
    runs="acc",
    mean="mean",
    build=mobilenet,
)


def read_resnet(path: Path) -> Table:
    """Returns the table of a file with ResNets.

    Raises:
        TableError: If the file is not of the form.
    """
    return read_digits(path, RESNET)


def read_mobilenet(path: Path) -> Table:
    """Returns the table of a file with MobileNets.

    Raises:
        TableError: If the file is not of the form.
    """
    return read_digits(path, MOBILENET)
