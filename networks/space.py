"""All students that edits of one teacher reach, as tensors of candidates with their exact costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from networks.architecture import Architecture
from networks.candidates import Candidates, Costs
from networks.channels.groups import ChannelGroup, Channels, find_channels
from networks.cost import CostModel
from networks.editing import Kept, edit
from networks.edits import Edits
from networks.errors import EditError, NothingToEditError
from networks.latency_features import LatencyFeatures
from networks.layer_table import LayerTable, SpaceLayer, TableReader
from networks.normaliser import Normaliser, active_ties
from networks.regions import Removal, Skip, find_removals, find_skips
from networks.rounding import find_steps
from networks.sampling import mutate, sample

Name = TypeVar("Name", str, tuple[str, str])


class Space:
    """The candidates of a teacher: what can be removed, what can shrink, which skips can be added.

    Notation: `R` removals, `G` channel groups, `S` skips, `L` weighted layers.

    Args:
        architecture: The teacher's.
        round_to: Kept widths are multiples of this many channels, or all of the teacher's.

    Raises:
        NothingToEditError: If no layer can be removed and no channel dropped.
        ValueError: If `round_to` is no positive number.
    """

    def __init__(self, architecture: Architecture, round_to: int = 1) -> None:
        if round_to < 1:
            raise ValueError(f"round_to must be positive, not {round_to}")
        self.architecture = architecture
        self.channels: Channels = find_channels(architecture)
        self.groups: tuple[ChannelGroup, ...] = self.channels.groups
        self.removals: tuple[Removal, ...] = find_removals(architecture, self.channels)
        self.skips: tuple[Skip, ...] = find_skips(architecture, self.channels)
        self.units = torch.tensor([group.units for group in self.groups], dtype=torch.int64)
        ties = active_ties(self.removals, self.skips)
        self.steps = find_steps(architecture, self.channels, ties, round_to)
        self._step_list: list[int] = self.steps.tolist()
        self._expect_edits()
        operations = (self.removals, self.skips)
        self._cost = CostModel(architecture, self.channels, *operations)
        self._table = TableReader(architecture, self.channels, *operations)
        self._latency = LatencyFeatures(architecture)
        self._normaliser = Normaliser(architecture, self.channels, *operations, self.steps)
        self._removal_numbers = {removal.name: i for i, removal in enumerate(self.removals)}
        self._group_numbers = {group.name: i for i, group in enumerate(self.groups)}
        self._skip_numbers = {(skip.start, skip.end): i for i, skip in enumerate(self.skips)}

    def _expect_edits(self) -> None:
        if not self.removals and bool((self.steps == self.units).all()):
            reasons = dict(list(self.channels.frozen_by.items())[:3])
            raise NothingToEditError(
                f"nothing in this network can be removed or shrunk; frozen: {reasons}"
            )

    @property
    def layers(self) -> tuple[SpaceLayer, ...]:
        """The teacher's weighted layers in topological order."""
        return self._table.layers

    def teacher(self) -> Candidates:
        """The one candidate without edits."""
        return Candidates(
            removed=torch.zeros(1, len(self.removals), dtype=torch.bool),
            widths=self.units[None].clone(),
            skips=torch.zeros(1, len(self.skips), dtype=torch.bool),
        )

    def smallest(self) -> Candidates:
        """The one candidate with the fewest parameters: all that can go is gone."""
        return self.normalise(
            Candidates(
                removed=torch.ones(1, len(self.removals), dtype=torch.bool),
                widths=torch.ones(1, len(self.groups), dtype=torch.int64),
                skips=torch.zeros(1, len(self.skips), dtype=torch.bool),
            )
        )

    def normalise(self, candidates: Candidates) -> Candidates:
        """The same students, each in its one form: tied groups equal, moot choices unmade.

        Widths that are not allowed are rounded to the nearest that are.
        """
        return self._normaliser(candidates)

    def sample(self, n: int, generator: torch.Generator) -> Candidates:
        """`n` random candidates of all sizes from the teacher's to the smallest; may repeat."""
        return self.normalise(sample(self, n, generator))

    def mutate(self, candidates: Candidates, generator: torch.Generator) -> Candidates:
        """Each candidate with one operation more, less, or of another size."""
        return self.normalise(mutate(self, candidates, generator))

    def costs(self, candidates: Candidates) -> Costs:
        """Exact costs, each `n`."""
        return self._cost(candidates, self._normaliser.alive(candidates.removed))

    def latency_features(self, candidates: Candidates) -> Tensor:
        """What their time follows from, float32 `n x len(LATENCY_FEATURES)`."""
        measures = self._cost.measures(candidates, self._normaliser.alive(candidates.removed))
        return self._latency(measures)

    def table(self, candidates: Candidates) -> LayerTable:
        """What the candidates are, layer by layer."""
        return self._table(candidates, self._normaliser.alive(candidates.removed))

    def keys(self, candidates: Candidates) -> list[bytes]:
        """One key for each candidate; equal keys, equal edits."""
        rows = zip(
            candidates.removed.numpy(),
            candidates.widths.numpy(),
            candidates.skips.numpy(),
            strict=True,
        )
        return [
            removed.tobytes() + widths.tobytes() + skips.tobytes()
            for removed, widths, skips in rows
        ]

    def edits(self, candidates: Candidates) -> list[Edits]:
        """The candidates by the names of what they change."""
        return [
            Edits(
                removed=tuple(r.name for r, on in zip(self.removals, removed, strict=True) if on),
                widths={
                    group.name: width
                    for group, width in zip(self.groups, widths, strict=True)
                    if width < group.units
                },
                skips=tuple(
                    (s.start, s.end) for s, on in zip(self.skips, skips, strict=True) if on
                ),
            )
            for removed, widths, skips in zip(
                candidates.removed.tolist(),
                candidates.widths.tolist(),
                candidates.skips.tolist(),
                strict=True,
            )
        ]

    def candidates(self, edits: Sequence[Edits]) -> Candidates:
        """The candidates that edits name, normalised.

        Raises:
            EditError: If the teacher has not what they name, or a width is not allowed; it is not
                rounded, since another student than was asked for would come of it.
        """
        # In NumPy: to set one element of a tensor takes many times as long.
        removed = np.zeros((len(edits), len(self.removals)), dtype=np.bool_)
        widths = np.tile(self.units.numpy(), (len(edits), 1))
        skips = np.zeros((len(edits), len(self.skips)), dtype=np.bool_)
        for row, one in enumerate(edits):
            for name in one.removed:
                removed[row, self._number(self._removal_numbers, name)] = True
            for group, width in one.widths.items():
                number = self._number(self._group_numbers, group)
                self._expect_width(number, width)
                widths[row, number] = width
            for skip in one.skips:
                skips[row, self._number(self._skip_numbers, skip)] = True
        tensors = (torch.from_numpy(x) for x in (removed, widths, skips))
        return self.normalise(Candidates(*tensors))

    def _expect_width(self, number: int, width: int) -> None:
        group, step = self.groups[number], self._step_list[number]
        if width == group.units or (1 <= width < group.units and width % step == 0):
            return
        allowed = f"all or a multiple of {step}" if step > 1 else "all or fewer"
        raise EditError(
            f"group {group.name!r} has {group.units} units; {width} can't be kept, only {allowed}"
        )

    def student(self, edits: Edits) -> Architecture:
        """The architecture that edits make of the teacher's.

        Raises:
            EditError: If the teacher has not what they name.
        """
        candidate = self.candidates([edits])
        kept = np.ones(self.channels.units + 1, dtype=np.bool_)
        for group, width in zip(self.groups, candidate.widths[0].tolist(), strict=True):
            kept[group.first_unit + width : group.first_unit + group.units] = False
        return self.rebuild(candidate, kept)

    def rebuild(self, candidate: Candidates, kept: Kept) -> Architecture:
        """One candidate's architecture with chosen units kept."""
        removals, skips = self.operations(candidate)
        return edit(self.architecture, self.channels, removals, skips, kept)

    def operations(self, candidate: Candidates) -> tuple[list[Removal], list[Skip]]:
        """The removals and skips of one candidate."""
        removed, skips = candidate.removed[0].tolist(), candidate.skips[0].tolist()
        return (
            [r for r, on in zip(self.removals, removed, strict=True) if on],
            [s for s, on in zip(self.skips, skips, strict=True) if on],
        )

    @staticmethod
    def _number(numbers: Mapping[Name, int], name: Name) -> int:
        if name not in numbers:
            raise EditError(f"the teacher has nothing named {name!r} to edit so")
        return numbers[name]
