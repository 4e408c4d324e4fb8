"""Which activations a student drops because they would read their like."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from networks import operators as ops
from networks.architecture import Architecture
from networks.candidates import Candidates
from networks.regions import Removal, Skip


class DoubledActivations:
    """Follows what kind of activation is read where, through removals and skips.

    `editing` drops an idempotent activation whose input is one of the same kind: it changes
    nothing. Removals bring such pairs about.
    """

    def __init__(
        self, architecture: Architecture, removals: Sequence[Removal], skips: Sequence[Skip]
    ) -> None:
        kinds: list[tuple[str, object]] = []
        self._order: list[tuple[str, str, int]] = []  # name, its input, its kind (0: no activation)
        for layer in architecture:
            kind = (layer.op, layer.attributes)
            number = 0
            if layer.op in ops.IDEMPOTENT:
                if kind not in kinds:
                    kinds.append(kind)
                number = kinds.index(kind) + 1
            self._order.append((layer.name, layer.inputs[0] if layer.inputs else "", number))
        self._kinds = len(kinds)
        self._ends: dict[str, list[tuple[int, str]]] = {}
        for i, removal in enumerate(removals):
            self._ends.setdefault(removal.end, []).append((i, removal.start))
        self._added: dict[str, list[int]] = {}
        for i, skip in enumerate(skips):
            self._added.setdefault(skip.end, []).append(i)

    def __call__(self, candidates: Candidates) -> dict[int, Tensor]:
        """For the number of each layer that some candidate drops so, which do: bool `n`."""
        n = len(candidates)
        read: dict[str, Tensor] = {}  # the kind of what is read where the teacher's layer was
        doubled: dict[int, Tensor] = {}
        plain = [torch.full((n,), kind, dtype=torch.int8) for kind in range(self._kinds + 1)]
        removed, skips = candidates.removed.T.contiguous(), candidates.skips
        for number, (name, source, kind) in enumerate(self._order):
            here = plain[kind]
            if kind and (drops := read[source] == kind).any():
                doubled[number] = drops
            for i, start in self._ends.get(name, []):
                here = torch.where(removed[i], read[start], here)
            if kind and name in self._added:
                here = here.masked_fill(skips[:, self._added[name]].any(dim=1), 0)
            read[name] = here
        return doubled
