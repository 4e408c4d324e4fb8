"""Candidates as the surrogate reads them, kept while a round goes on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from embedding.acquisition import cost_columns
from embedding.encoder import EMBEDDING
from embedding.encoding import Tokens
from embedding.search_space import SearchSpace
from embedding.surrogate import Surrogate
from networks import Candidates


@dataclass(frozen=True)
class Reading:
    """What is known of `n` candidates without training them.

    Attributes:
        candidates: which they are.
        tokens: what the encoders read.
        x: the GP's input, `n x columns`, as `Layout` says.
    """

    candidates: Candidates
    tokens: Tokens
    x: Tensor

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: Tensor) -> Reading:
        """Returns the candidates that `rows` (indices or booleans) names."""
        return Reading(self.candidates[rows], self.tokens.take(rows), self.x[rows])


class Reader:
    """Reads candidates of one space for one surrogate."""

    def __init__(self, space: SearchSpace, surrogate: Surrogate) -> None:
        self._space, self._surrogate = space, surrogate
        self._teacher_logs = cost_columns(space.costs(space.teacher()))[:, :2].log2()

    def read(self, candidates: Candidates) -> Reading:
        """Returns the candidates as they are read now."""
        costs = cost_columns(self._space.costs(candidates))
        logs = costs[:, :2].clamp(min=1).log2() - self._teacher_logs
        student = torch.ones(len(candidates), 1, dtype=torch.float64)
        tokens = self._space.tokens(candidates)
        embedded = self._surrogate.embed(tokens)
        x = torch.cat([student, self._space.features(candidates), logs, embedded, costs], dim=1)
        return Reading(candidates, tokens, x)

    def again(self, reading: Reading, turn: int) -> Reading:
        """Returns the same candidates, after one encoder has learned."""
        if not len(self._surrogate.encoders):
            return reading
        x = reading.x.clone()
        begin = self._surrogate.layout.embeddings.start + turn * EMBEDDING
        x[:, begin : begin + EMBEDDING] = self._surrogate.embed_by(turn, reading.tokens)
        return replace(reading, x=x)
