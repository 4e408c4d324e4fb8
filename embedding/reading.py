"""Candidates as the surrogate reads them, kept while a round goes on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from embedding.acquisition import cost_columns
from embedding.encoding import Tokens
from embedding.search_space import SearchSpace
from embedding.source import Source
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
    """Reads candidates of one space for one surrogate, to which an earlier search may guess.

    Attributes:
        space: which they are of.
    """

    def __init__(
        self, space: SearchSpace, surrogate: Surrogate, source: Source | None = None
    ) -> None:
        self.space, self._surrogate, self._source = space, surrogate, source
        self._teacher_logs = cost_columns(space.costs(space.teacher()))[:, :2].log2()

    def read(self, candidates: Candidates) -> Reading:
        """Returns the candidates as they are read now."""
        costs = cost_columns(self.space.costs(candidates))
        logs = costs[:, :2].clamp(min=1).log2() - self._teacher_logs
        student = torch.ones(len(candidates), 1, dtype=torch.float64)
        tokens = self.space.tokens(candidates)
        embedded = self._surrogate.embed(tokens)
        features = self.space.features(candidates)
        x = torch.cat([student, features, logs, self._guess(tokens, logs), embedded, costs], dim=1)
        return Reading(candidates, tokens, x)

    def of(self, surrogate: Surrogate) -> Reader:
        """Returns what reads the same for another surrogate."""
        return Reader(self.space, surrogate, self._source)

    def _guess(self, tokens: Tokens, logs: Tensor) -> Tensor:
        """Returns the earlier search's guesses, `n x sources`."""
        if self._source is None:
            return logs[:, :0]
        return self._source.guess(tokens, logs).unsqueeze(1)

    def again(self, reading: Reading, turn: int) -> Reading:
        """Returns the same candidates, after one encoder has learned."""
        if not len(self._surrogate.encoders):
            return reading
        x = reading.x.clone()
        x[:, self._surrogate.layout.of_encoder(turn)] = self._surrogate.embed_by(
            turn, reading.tokens
        )
        return replace(reading, x=x)
