"""Which channels must change together: found by propagating labels through the graph.

Every channel that a weighted layer makes gets a label. The labels travel with the tensors: each
layer's output has an array of labels that broadcasts to its shape (a dimension that no label
depends on has size 1). Where two channels meet element by element (a residual add, a depthwise
convolution's weight) their labels are joined; where a dimension is split (channel shuffle, grouped
convolution) the labels of one position are joined across the split, so that what remains is always
a full box. So a channel is kept or dropped everywhere at once, and every shape follows by counting
labels.

Notation: a *unit* is a class of joined labels, the least that can be kept or dropped; a *group* is
the set of the units that play the same part (each stands equally often along every axis), so that
only their number matters to shapes and cost. `FIXED` marks what can't be dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from networks.architecture import Architecture
from networks.channels.labels import FIXED
from networks.channels.propagation import Propagation
from networks.channels.rules import propagate

UnitArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ChannelGroup:
    """Channels that are interchangeable for every shape: any number from 1 to `units` may be kept.

    Attributes:
        name: The first layer whose output has them (with `#2`, … where it makes several groups).
        units: How many there are in the teacher.
        first_unit: Their numbers are `first_unit … first_unit + units - 1`.
    """

    name: str
    units: int
    first_unit: int


@dataclass(frozen=True)
class Channels:
    """The channel groups of an architecture, and where their units stand.

    Attributes:
        groups: In the order of their first layers.
        outputs: For each layer, the units of its output: an array that broadcasts to its shape.
        tensors: For each tensor, one array of units for each dimension (`None`: nothing to drop).
        frozen_by: For each layer that froze the channels that reach it, why.
    """

    groups: tuple[ChannelGroup, ...]
    outputs: Mapping[str, UnitArray]
    tensors: Mapping[str, tuple[UnitArray | None, ...]]
    frozen_by: Mapping[str, str]

    @property
    def units(self) -> int:
        """Number of units in all groups."""
        return sum(group.units for group in self.groups)

    def group_of(self, unit: int) -> int:
        """The number of the group that has `unit`."""
        return int(self.groups_of(np.array(unit)))

    def groups_of(self, units: UnitArray) -> UnitArray:
        """The number of the group that has each of `units`."""
        return np.searchsorted(self.group_starts, units, side="right") - 1

    @cached_property
    def group_starts(self) -> UnitArray:
        """The first unit of each group."""
        return np.array([group.first_unit for group in self.groups], dtype=np.int64)

    @cached_property
    def group_units(self) -> UnitArray:
        """How many units each group has."""
        return np.array([group.units for group in self.groups], dtype=np.int64)


def find_channels(architecture: Architecture) -> Channels:
    """Propagates labels through `architecture` and gathers its channel groups."""
    propagation = Propagation(architecture)
    for layer in architecture:
        propagation.outputs[layer.name] = propagate(propagation, layer)
    propagation.labels.freeze(propagation.outputs[architecture.output])
    return _gather(architecture, propagation)


def _gather(architecture: Architecture, found: Propagation) -> Channels:
    classes = found.labels.classes()
    outputs = {name: classes[labels] for name, labels in found.outputs.items()}
    tensors = {
        name: tuple(None if labels is None else classes[labels] for labels in dims)
        for name, dims in found.tensors.items()
    }
    axes = list(outputs.values())
    axes += [axis for dims in tensors.values() for axis in dims if axis is not None]
    axes += [classes[labels] for labels in found.prefixes]
    members = _interchangeable(axes, len(classes))
    names = [layer.name for layer in architecture]
    groups: list[ChannelGroup] = []
    unit_of = np.full(len(classes), FIXED, dtype=np.int64)
    for first_axis, group in members:
        unit = groups[-1].first_unit + groups[-1].units if groups else 0
        unit_of[group] = np.arange(unit, unit + len(group))
        groups.append(ChannelGroup(_free_name(names[first_axis], groups), len(group), unit))
    return Channels(
        groups=tuple(groups),
        outputs={name: unit_of[array] for name, array in outputs.items()},
        tensors={
            name: tuple(None if axis is None else unit_of[axis] for axis in dims)
            for name, dims in tensors.items()
        },
        frozen_by=found.frozen_by,
    )


def _interchangeable(axes: list[UnitArray], count: int) -> list[tuple[int, UnitArray]]:
    """Classes that stand equally often along every axis, each with the first axis they stand along.

    The classes are parted axis by axis: those of one part stay together where they stand equally
    often along the next.
    """
    part = np.zeros(count, dtype=np.int64)
    first = np.full(count, len(axes), dtype=np.int64)
    seen: set[bytes] = set()
    parts = 1
    for axis, array in enumerate(axes):
        standing = array[array != FIXED]
        key = standing.tobytes()
        if not standing.size or key in seen:
            continue
        seen.add(key)
        present, counts = np.unique(standing, return_counts=True)
        first[present] = np.minimum(first[present], axis)
        pairs = part[present] * (counts.max() + 1) + counts
        part[present] = parts + np.unique(pairs, return_inverse=True)[1]
        parts = int(part[present].max()) + 1
    labels = np.flatnonzero(part)
    order = np.argsort(part[labels], kind="stable")
    groups = np.split(labels[order], np.flatnonzero(np.diff(part[labels][order])) + 1)
    groups = sorted((group for group in groups if group.size), key=lambda group: int(group[0]))
    return [(int(first[group[0]]), group) for group in groups]


def _free_name(name: str, groups: list[ChannelGroup]) -> str:
    taken = {group.name for group in groups}
    number = 2
    free = name
    while free in taken:
        free = f"{name}#{number}"
        number += 1
    return free
