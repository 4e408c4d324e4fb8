"""Teacher and student layer by layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from networks import Architecture, SpaceLayer, read_layers


@dataclass(frozen=True)
class LayerPair:
    """A weighted layer of the teacher, and what became of it.

    Attributes:
        name: of both.
        kind: in words: `3×3 convolution`.
        channels: of the teacher's output.
        kept: of the student's; None where the layer is gone.
    """

    name: str
    kind: str
    channels: int
    kept: int | None


@dataclass(frozen=True)
class Comparison:
    """The layers of a teacher, in order, and the skips that its student got.

    Attributes:
        layers: the teacher's.
        skips: numbers of two layers: the output that the first one leads to is added to that of
            the second one.
    """

    layers: tuple[LayerPair, ...]
    skips: tuple[tuple[int, int], ...]


def compare(teacher: Architecture, student: Architecture, edits: Mapping[str, Any]) -> Comparison:
    """Returns what the edits made of the teacher's layers."""
    described, _ = read_layers(teacher)
    kept = {layer.name: layer.out_channels for layer in read_layers(student)[0]}
    pairs = tuple(
        LayerPair(layer.name, _kind(layer), layer.out_channels, kept.get(layer.name))
        for layer in described
    )
    before = _weighted_before(teacher, [layer.name for layer in described])
    skips = tuple((before[start], before[end]) for start, end in edits["skips"])
    return Comparison(pairs, skips)


def _weighted_before(architecture: Architecture, weighted: list[str]) -> dict[str, int]:
    """Returns for each layer the number of the newest weighted one; -1 before the first."""
    numbers = {name: number for number, name in enumerate(weighted)}
    newest, found = -1, {}
    for layer in architecture:
        newest = numbers.get(layer.name, newest)
        found[layer.name] = newest
    return found


def _kind(layer: SpaceLayer) -> str:
    if layer.kind == "linear":
        return "linear"
    height, width = layer.kernel
    grouping = "" if layer.grouping == "dense" else f"{layer.grouping} "
    stride = f", stride {layer.stride[0]}" if max(layer.stride) > 1 else ""
    return f"{height}×{width} {grouping}convolution{stride}"
