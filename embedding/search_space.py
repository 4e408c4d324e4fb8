"""What a search needs of its candidates: to draw them, to know their costs, to read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Generator, Tensor

from embedding.encoding import Tokens, encode
from networks import Candidates, Costs, Edits, Space


class CandidateSpace(Protocol):
    """Students of one teacher, as tensors of candidates; `networks.Space` is one."""

    def teacher(self) -> Candidates:
        """The one candidate without edits."""

    def smallest(self) -> Candidates:
        """The one candidate with the fewest parameters."""

    def sample(self, n: int, generator: Generator) -> Candidates:
        """Random candidates."""

    def mutate(self, candidates: Candidates, generator: Generator) -> Candidates:
        """The candidates, each changed by one random operation."""

    def costs(self, candidates: Candidates) -> Costs:
        """What the candidates cost, exactly."""

    def keys(self, candidates: Candidates) -> list[bytes]:
        """What tells the candidates apart."""

    def edits(self, candidates: Candidates) -> list[Edits]:
        """The candidates' edits."""

    def candidates(self, edits: Sequence[Edits]) -> Candidates:
        """The candidates of edits."""


class SearchSpace(CandidateSpace, Protocol):
    """Students that a search can read as well."""

    def hash(self, candidate: Candidates) -> str:
        """What tells the architecture of one candidate (`n = 1`) from all others."""

    def tokens(self, candidates: Candidates) -> Tokens:
        """The candidates, layer by layer, as the encoder reads them."""

    def features(self, candidates: Candidates) -> Tensor:
        """What was decided, candidate by candidate: `n x d`, float64, zero for the teacher."""


class StudentSpace:
    """All students that edits of one teacher reach."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self.teacher, self.smallest = space.teacher, space.smallest
        self.sample, self.mutate = space.sample, space.mutate
        self.costs, self.keys = space.costs, space.keys
        self.edits, self.candidates = space.edits, space.candidates
        self._shrinks = space.units > space.steps
        self._units = space.units.double().log2()

    def hash(self, candidate: Candidates) -> str:
        """Returns the hash of one candidate's architecture."""
        return self._space.student(self.edits(candidate)[0]).hash

    def tokens(self, candidates: Candidates) -> Tokens:
        """Returns the candidates, layer by layer."""
        return encode(self._space.layers, self._space.table(candidates))

    def features(self, candidates: Candidates) -> Tensor:
        """Returns the decisions: `n x d`, float64, zero for the teacher.

        Of each group that can shrink the logarithm to base 2 of the part of its width that is
        kept; of each removal whether it is done, as -1; and how many skips are added, as a
        logarithm: there are too many to learn of each from some dozens of trials.
        """
        narrow = candidates.widths.double().log2() - self._units
        skips = candidates.skips.sum(1, dtype=torch.float64).add(1).log2().unsqueeze(1)
        return torch.cat([narrow[:, self._shrinks], -candidates.removed.double(), skips], dim=1)
