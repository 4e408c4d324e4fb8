"""The one form of a candidate: equal students, equal tensors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from networks.architecture import Architecture
from networks.candidates import Candidates
from networks.channels import Channels
from networks.labels import FIXED
from networks.regions import Removal, Skip, Tie


class Normaliser:
    """Makes tied groups equally wide and unmakes what another choice has made moot.

    A removal inside a removed block, a skip to or from a removed layer, and the width of a group
    that no remaining tensor has are moot.
    """

    def __init__(
        self,
        architecture: Architecture,
        channels: Channels,
        removals: Sequence[Removal],
        skips: Sequence[Skip],
    ) -> None:
        names = [layer.name for layer in architecture]
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
        self._removal_ties = [(i, tie) for i, r in enumerate(removals) for tie in r.ties]
        self._skip_ties = [(i, tie) for i, s in enumerate(skips) for tie in s.ties]

    def alive(self, removed: Tensor) -> Tensor:
        """Which layers remain: bool `n x layers`."""
        return ~_any(removed, self._kills)

    def __call__(self, candidates: Candidates) -> Candidates:
        """The same students, each in its one form."""
        removed = candidates.removed & ~_any(candidates.removed, self._inside)
        skips = candidates.skips & ~_any(removed, self._touches)
        widths = self._tie(candidates.widths.clone(), removed, skips)
        present = _any(self.alive(removed), self._holds)
        return Candidates(removed, torch.where(present, widths, self._units), skips)

    def _tie(self, widths: Tensor, removed: Tensor, skips: Tensor) -> Tensor:
        """The least width of all groups that are tied, directly or through others."""
        active = [(removed[:, i], tie) for i, tie in self._removal_ties]
        active += [(skips[:, i], tie) for i, tie in self._skip_ties]
        active = [(rows, tie) for rows, tie in active if rows.any()]
        while True:
            before = widths.clone()
            for rows, tie in active:
                both = [tie.first, tie.second]
                least = widths[:, both].amin(dim=1, keepdim=True)
                widths[:, both] = torch.where(rows[:, None], least, widths[:, both])
            if torch.equal(before, widths):
                return widths


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
                    for unit in np.unique(units[units != FIXED]).tolist():
                        holds[row, channels.group_of(unit)] = True
    return holds


def active_ties(removals: Sequence[Removal], skips: Sequence[Skip]) -> list[Tie]:
    """The ties of one candidate's operations."""
    return [tie for r in removals for tie in r.ties] + [tie for s in skips for tie in s.ties]
