"""NAS-Bench-Macro on CIFAR-10: eight layers, each absent or one of two blocks [Su2021].

[Su2021] Su et al., Prioritized Architecture Sampling with Monte-Carlo Tree Search, CVPR 2021.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.tables.digits import DigitForm, read_digits
from benchmarks.tables.graph import GraphBuilder
from benchmarks.tables.inverted import Inverted, add_inverted
from benchmarks.tables.table import Table
from networks import Architecture

FILES = ("nas-bench-macro-cifar10.json", "nas-bench-macro_cifar10.json")


IMAGE = (3, 32, 32)
STEM = 32
STAGES = ((64, 2), (128, 3), (256, 3))  # width and layers, of which the first has stride 2
HEAD = 1280
CLASSES = 10
BLOCKS = {1: (3, 3), 2: (5, 6)}  # kernel, and how many times its input the block is wide


def architecture(choices: tuple[int, ...]) -> Architecture:
    """Returns the network of one choice a layer: 0 identity, 1 k3 t3, 2 k5 t6.

    An identity where the shape changes is a convolution, `layerN.identity`, that no block has.
    """
    graph = GraphBuilder(IMAGE)
    x = graph.relu("stem.relu", graph.unit("stem", "input", STEM, 3))
    before = STEM
    widths = [width for width, layers in STAGES for _ in range(layers)]
    for number, (width, choice) in enumerate(zip(widths, choices, strict=True), 1):
        name, same = f"layer{number}", width == before
        if choice:
            kernel, expansion = BLOCKS[choice]
            form = Inverted(before * expansion, width, kernel, 1 if same else 2, skip=same)
            x = add_inverted(graph, name, x, form)
        elif not same:
            x = graph.unit(f"{name}.identity", x, width, 1, 2)
        before = width
    x = graph.relu("head.relu", graph.unit("head", x, HEAD, 1))
    return graph.classifier(x, CLASSES)


def plain(key: str) -> str:
    """Returns the one key of all that are of the same network.

    But for a stage's first layer, which changes the shape, identities are no layers at all: it
    doesn't matter where in the stage they stand.
    """
    parts, at = [], 0
    for _, layers in STAGES:
        changing, rest = key[at], key[at + 1 : at + layers]
        parts.append(changing + rest.replace("0", "").ljust(layers - 1, "0"))
        at += layers
    return "".join(parts)


FORM = DigitForm(
    name="nas-bench-macro",
    digits="012",
    columns=8,
    ordinal=False,
    runs="test_acc",
    mean="mean_acc",
    build=architecture,
    plain=plain,
)


def read(path: Path) -> Table:
    """Returns the table of a file.

    Raises:
        TableError: If the file is not of the form.
    """
    return read_digits(path, FORM)
