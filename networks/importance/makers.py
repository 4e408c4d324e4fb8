"""Which layers make channels, and which scale them one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from networks import operators as ops
from networks.architecture import Layer
from networks.channels.groups import UnitArray
from networks.channels.labels import FIXED
from networks.space import Space


class Maker(NamedTuple):
    """A layer with one row of numbers for each channel.

    Attributes:
        layer: Its name.
        weight: Name of the tensor whose first dimension is the channels.
        bias: Name of the tensor that is added, where there is one.
        units: Of each channel: `n`, with `FIXED` where nothing can be dropped.
    """

    layer: str
    weight: str
    bias: str | None
    units: UnitArray


def filters(space: Space) -> Iterator[Maker]:
    """Convolutions and linear layers, depthwise ones too."""
    return _makers(space, (layer for layer in space.architecture if layer.op in ops.WEIGHTED))


def scales(space: Space) -> Iterator[Maker]:
    """Normalisations that multiply each channel by a weight of its own (γ)."""
    return _makers(space, (layer for layer in space.architecture if layer.op in ops.NORMS))


def _makers(space: Space, layers: Iterable[Layer]) -> Iterator[Maker]:
    """Those with channels that can go; one for each tensor, which several layers may share."""
    seen: set[str] = set()
    for layer in layers:
        weight = layer.tensors.get("weight")
        if weight is None or weight in seen:
            continue
        seen.add(weight)
        units = space.channels.tensors[weight][0]
        if units is not None and (units != FIXED).any():
            yield Maker(layer.name, weight, layer.tensors.get("bias"), units)
