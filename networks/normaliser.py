"""The one form of a candidate: equal students, equal tensors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from networks.architecture import Architecture
from networks.candidates import Candidates
from networks.channels.groups import Channels
from networks.channels.labels import FIXED
from networks.regions import Removal, Skip, Tie
from networks.rounding import round_widths


class Normaliser:
    """Makes tied groups equally wide and unmakes what another choice has made moot.

    Widths that are not allowed are rounded; tied groups have one step, so that the least of their
    widths is allowed in each. A removal inside a removed block, a skip to or from a removed layer,
    and the width of a group that no remaining tensor has are moot.
    """

    def __init__(
        self,
        architecture: Architecture,
        channels: Channels,
        removals: Sequence[Removal],
        skips: Sequence[Skip],
        steps: Tensor,
    ) -> None:
        names = [layer.name for layer in architecture]
        self._steps = steps
        self._units = torch.tensor([group.units for group in channels.groups], dtype=torch.int64)
        self._kills = torch.tensor(
            [[name in removal.layers for name in names] for removal in removals]
        ).reshape(len(removals), len(names))
        self._inside = torch.tensor(
            [[inner.layers < outer.layers for inner in removals] for outer in removals]
        ).reshape(len(removals), len(removals))
        self._touches = torch.tensor(
            [[not r.layers.isdisjoint((s.start, s.end)) for s in skips] for r in removals]
        ).reshape(len(removals), len(skips))
        self._holds = _holds(architecture, channels)
        ties = [(i, tie) for i, removal in enumerate(removals) for tie in removal.ties]
        ties += [(len(removals) + i, tie) for i, skip in enumerate(skips) for tie in skip.ties]
        self._operation = torch.tensor([i for i, _ in ties], dtype=torch.int64)
        pairs = [(tie.first, tie.second) for _, tie in ties]
        self._tied = torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2)

    def alive(self, removed: Tensor) -> Tensor:
        """Which layers remain: bool `n x layers`."""
        return ~_any(removed, self._kills)

    def __call__(self, candidates: Candidates) -> Candidates:
        """The same students, each in its one form."""
        removed = candidates.removed & ~_any(candidates.removed, self._inside)
        skips = candidates.skips & ~_any(removed, self._touches)
        widths = round_widths(candidates.widths, self._units, self._steps)
        widths = self._tie(widths, removed, skips)
        present = _any(self.alive(removed), self._holds)
        return Candidates(removed, torch.where(present, widths, self._units), skips)

    def _tie(self, widths: Tensor, removed: Tensor, skips: Tensor) -> Tensor:
        """The least width of all groups that are tied, directly or through others."""
        done = torch.cat([removed, skips], dim=1)
        rows, ties = done[:, self._operation].nonzero(as_tuple=True)
        first, second = (self._tied[ties] + rows[:, None] * widths.shape[1]).unbind(1)
        flat = widths.flatten()
        while True:
            least = torch.minimum(flat[first], flat[second])
            if torch.equal(flat[first], flat[second]):
                return flat.view_as(widths)
            flat = flat.scatter_reduce(0, first, least, "amin")
            flat = flat.scatter_reduce(0, second, least, "amin")


def _any(rows: Tensor, matrix: Tensor) -> Tensor:
    """Boolean matrix product: `n x a` by `a x b`."""
    return (rows.float() @ matrix.float()) > 0


def _holds(architecture: Architecture, channels: Channels) -> Tensor:
    """Which layer has a tensor with channels of which group: bool `layers x G`."""
    holds = torch.zeros(len(architecture), len(channels.groups), dtype=torch.bool)
    for row, layer in enumerate(architecture):
        for name in layer.tensors.values():
            for units in channels.tensors[name]:
                if units is not None:
                    holds[row, channels.groups_of(np.unique(units[units != FIXED]))] = True
    return holds


def active_ties(removals: Sequence[Removal], skips: Sequence[Skip]) -> list[Tie]:
    """The ties of one candidate's operations."""
    return [tie for r in removals for tie in r.ties] + [tie for s in skips for tie in s.ties]
