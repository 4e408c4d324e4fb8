"""NATS-Bench's size search space: five widths, on three data sets [Dong2021].

[Dong2021] Dong et al., NATS-Bench: Benchmarking NAS Algorithms for Architecture Topology and Size,
TPAMI 2021.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.tables.array_file import ArrayFileError, read_array
from benchmarks.tables.graph import GraphBuilder
from benchmarks.tables.table import Table, TableError, row_of_teacher
from networks import Architecture

STRINGS = "arch_strings.npy"
COLUMNS = 5
STEP = 8
CHOICES = 8
KEY = re.compile(r"(8|16|24|32|40|48|56|64)(:(8|16|24|32|40|48|56|64)){4}")
TEACHER = "64:64:64:64:64"
LARGEST_ROWS = CHOICES**COLUMNS


@dataclass(frozen=True)
class Dataset:
    """What differs between the three.

    Attributes:
        name: The adapter's.
        file: Has the accuracies.
        classes: How many.
        size: Pixels of an image's side.
    """

    name: str
    file: str
    classes: int
    size: int

    @property
    def files(self) -> tuple[str, str]:
        """All that must be in the folder."""
        return (STRINGS, self.file)


CIFAR10 = Dataset("nats-sss-cifar10", "cifar10_accs.npy", 10, 32)
CIFAR100 = Dataset("nats-sss-cifar100", "cifar100_accs.npy", 100, 32)
IMAGENET16 = Dataset("nats-sss-imagenet16", "ImageNet16-120.npy", 120, 16)


def read(dataset: Dataset, folder: Path) -> Table:
    """Returns the table of a folder; it may be a part of the whole, but has the teacher.

    Raises:
        TableError: If the files are not of the form.
    """
    listed = _keys(folder / STRINGS)
    accuracy = dict(zip(listed, _accuracies(folder / dataset.file, listed), strict=True))
    keys = tuple(sorted(accuracy))
    widths = torch.tensor([[int(width) for width in key.split(":")] for key in keys])
    params, macs = costs(widths, dataset)
    return Table(
        name=dataset.name,
        keys=keys,
        choices=widths // STEP - 1,
        cardinalities=(CHOICES,) * COLUMNS,
        ordinal=(True,) * COLUMNS,
        accuracy=torch.tensor([[accuracy[key]] for key in keys], dtype=torch.float64) / 100,
        params=params,
        macs=macs,
        teacher=row_of_teacher(keys, TEACHER, folder / STRINGS),
        build=partial(architecture, dataset),
        first=torch.arange(len(keys)),
    )


def architecture(dataset: Dataset, choices: tuple[int, ...]) -> Architecture:
    """Returns the network of one choice a width: 0 is 8 channels, 7 is 64.

    A cell whose width changes has a convolution `cellN.skip` that the teacher's cells don't have.
    """
    c1, c2, c3, c4, c5 = (STEP * (choice + 1) for choice in choices)
    graph = GraphBuilder((3, dataset.size, dataset.size))
    x = graph.unit("stem", "input", c1, 3)
    x = _cell(graph, "cell1", x, (c1, c1))
    x = _residual(graph, "cell2", x, c2)
    x = _cell(graph, "cell3", x, (c2, c3))
    x = _residual(graph, "cell4", x, c4)
    x = _cell(graph, "cell5", x, (c4, c5))
    x = graph.relu("head.relu", graph.norm("head.norm", x))
    return graph.classifier(x, dataset.classes)


def costs(widths: Tensor, dataset: Dataset) -> tuple[Tensor, Tensor]:
    """Returns parameters and MACs, which the files don't have: int64 `n` each.

    Args:
        widths: Channels: int64 `n x 5`.
        dataset: Whose networks.
    """
    c1, c2, c3, c4, c5 = widths.unbind(1)
    first = 27 * c1 + _cell_weights(c1, c1)
    second = _residual_weights(c1, c2) + _cell_weights(c2, c3)
    third = _residual_weights(c3, c4) + _cell_weights(c4, c5)
    linear = dataset.classes * c5
    norms = 2 * (c1 + _cell_channels(c1, c1) + 2 * c2 + _cell_channels(c2, c3) + 2 * c4)
    norms = norms + 2 * (_cell_channels(c4, c5) + c5)
    pixels = dataset.size**2
    macs = pixels * first + pixels // 4 * second + pixels // 16 * third + linear
    return first + second + third + linear + dataset.classes + norms, macs


def _cell(graph: GraphBuilder, name: str, source: str, widths: tuple[int, int]) -> str:
    """Adds four nodes, each but the first the sum of what comes from those before it."""
    before, width = widths
    node1 = _rectified(graph, f"{name}.from0to1", source, width)
    direct = _rectified(graph, f"{name}.from0to2", source, width)
    node2 = graph.add(f"{name}.add2", direct, _rectified(graph, f"{name}.from1to2", node1, width))
    skip = source if before == width else graph.unit(f"{name}.skip", source, width, 1)
    total = graph.add(f"{name}.add3a", skip, _rectified(graph, f"{name}.from1to3", node1, width))
    return graph.add(f"{name}.add3b", total, _rectified(graph, f"{name}.from2to3", node2, width))


def _residual(graph: GraphBuilder, name: str, source: str, width: int) -> str:
    """Adds two convolutions, the first of stride 2, and a shortcut that averages."""
    x = _rectified(graph, f"{name}.unit1", source, width, stride=2)
    x = _rectified(graph, f"{name}.unit2", x, width)
    pooled = graph.average_pool(f"{name}.shortcut.pool", source, 2)
    return graph.add(f"{name}.add", graph.conv(f"{name}.shortcut.conv", pooled, width, 1), x)


def _rectified(graph: GraphBuilder, name: str, source: str, width: int, stride: int = 1) -> str:
    return graph.unit(name, graph.relu(f"{name}.relu", source), width, 3, stride)


def _cell_weights(before: Tensor, after: Tensor) -> Tensor:
    skip = before * after * (before != after)
    return 9 * (2 * before * after + 3 * after * after) + skip


def _cell_channels(before: Tensor, after: Tensor) -> Tensor:
    """What a cell's batch norms have."""
    return (5 + (before != after).long()) * after


def _residual_weights(before: Tensor, after: Tensor) -> Tensor:
    return 9 * (before * after + after * after) + before * after


def _keys(path: Path) -> list[str]:
    """The keys in the file's order; each is widths, and there once."""
    try:
        keys: list[str] = read_array(path, "U", LARGEST_ROWS).tolist()
    except (ArrayFileError, ValueError) as error:  # a ValueError for no character of Unicode
        raise TableError(f"{path}: {error}") from error
    seen: set[str] = set()
    for key in keys:
        if not KEY.fullmatch(key):
            raise TableError(f"{path}: {key!r}: must be five widths, each 8 to 64 in steps of 8")
        if key in seen:
            raise TableError(f"{path}: {key!r}: is there twice")
        seen.add(key)
    return keys


def _accuracies(path: Path, keys: list[str]) -> list[float]:
    """The accuracies in %, in the keys' order."""
    try:
        accuracies: list[float] = read_array(path, "f", LARGEST_ROWS).astype(np.float64).tolist()
    except ArrayFileError as error:
        raise TableError(f"{path}: {error}") from error
    if len(accuracies) != len(keys):
        raise TableError(f"{path}: has {len(accuracies)} accuracies for {len(keys)} keys")
    for key, value in zip(keys, accuracies, strict=True):
        if not 0 <= value <= 100:  # NaN is not, either
            raise TableError(f"{path}: {key!r}: must be from 0 to 100, not {value}")
    return accuracies
