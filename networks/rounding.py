"""Widths that hardware likes: in channels a multiple of `round_to`, or all that the teacher has.

A group's unit may stand for several channels (those of a grouped convolution), so that each group
has a step of its own, in units. Groups that an operation may tie get one step together: what is
tied is then allowed in each of them. A layer that makes several groups, of which not all have a
multiple of `round_to` channels, could get a sum that is none: of such a layer groups keep all of
their units, until every sum is a multiple or the teacher's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from networks import operators as ops
from networks.architecture import Architecture
from networks.channels.groups import Channels
from networks.channels.labels import FIXED
from networks.regions import Tie


class _Made(NamedTuple):
    """The channels that one layer makes.

    Attributes:
        fixed: How many stand in no group.
        of_unit: For each of its groups how many channels one unit stands for.
    """

    fixed: int
    of_unit: dict[int, int]


def find_steps(
    architecture: Architecture, channels: Channels, ties: Sequence[Tie], round_to: int
) -> Tensor:
    """For each group the units that its width is a multiple of: int64 `G`.

    With these, each weighted layer of each student makes a multiple of `round_to` channels or as
    many as in the teacher. A group that keeps all of its units has their number for a step.
    """
    made = _made(architecture, channels)
    units = [group.units for group in channels.groups]
    home = list(range(len(units)))
    steps = [round_to // math.gcd(round_to, count) for count in _least(made, len(units))]
    for tie in ties:
        first, second = _root(home, tie.first), _root(home, tie.second)
        if first != second:
            home[second] = first
            steps[first] = math.lcm(steps[first], steps[second])
    roots = [_root(home, number) for number in range(len(units))]
    kept = {root for root, own in zip(roots, units, strict=True) if steps[root] >= own}
    while uneven := {
        roots[group]
        for layer in made
        for group in _uneven(layer, units, [root in kept for root in roots], round_to)
    }:
        kept |= uneven
    return torch.tensor(
        [own if root in kept else steps[root] for root, own in zip(roots, units, strict=True)],
        dtype=torch.int64,
    )


def _uneven(layer: _Made, units: Sequence[int], kept: Sequence[bool], round_to: int) -> list[int]:
    """The groups of `layer` to be kept so that its channels are a multiple, or the teacher's."""
    rest = {group: layer.of_unit[group] * units[group] for group in layer.of_unit}
    whole = layer.fixed + sum(rest.values())
    free = [group for group in rest if not kept[group]]
    odd = [group for group in free if rest[group] % round_to]
    still = whole - sum(rest[group] for group in free)
    if still % round_to == 0 and (not odd or len(free) == 1):
        return []
    return odd if whole % round_to == 0 else free


def round_widths(widths: Tensor, units: Tensor, steps: Tensor) -> Tensor:
    """The nearest allowed widths, the wider of two equally near: int64 `n x G`.

    Args:
        widths: Any, in units: int64 `n x G`.
        units: Of each group in the teacher: int64 `G`.
        steps: Of `find_steps`: int64 `G`.
    """
    multiple = (torch.div(2 * widths + steps, 2 * steps, rounding_mode="floor") * steps).clamp_min(
        steps
    )
    whole = (multiple >= units) | (2 * widths >= multiple + units)
    return torch.where(whole, units, multiple)


def _made(architecture: Architecture, channels: Channels) -> list[_Made]:
    """What each weighted layer makes."""
    first_units = [group.first_unit for group in channels.groups]
    made: list[_Made] = []
    for layer in architecture:
        if layer.op in ops.WEIGHTED:
            units = channels.outputs[layer.name]
            present = units[units != FIXED]
            counts = np.bincount(present, minlength=channels.units)[first_units]
            size = layer.shape[0 if layer.op == ops.CONV else -1]
            of_unit = {int(group): int(counts[group]) for group in np.flatnonzero(counts)}
            made.append(_Made(size - len(present), of_unit))
    return made


def _least(made: Sequence[_Made], groups: int) -> list[int]:
    """How many channels one unit of each group stands for: what divides it in all layers."""
    counts = [0] * groups
    for layer in made:
        for group, count in layer.of_unit.items():
            counts[group] = math.gcd(counts[group], count)
    return [count or 1 for count in counts]


def _root(home: list[int], number: int) -> int:
    while home[number] != number:
        number = home[number]
    return number
