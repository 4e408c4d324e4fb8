"""Who may become a trial under a latency limit: predicted first, measured before it is trained."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from networks import Candidates, Edits, LatencyPredictor, PredictionError, Space
from workers.latencies import FIRST, Latencies, MeasuredStudent

MOST_FITTED = 128  # of the newest measurements: refitting with each new one stays quick
MOST_REFUSED = 20  # candidates for one trial, before the search is given up


class LatencyGate:
    """Screens candidates by a predictor, and lets those through whose measured median fits.

    A candidate is worth measuring if it is predicted to fit with a margin of the predictor's median
    error; with each that is measured and refused in a row the margin grows by one more of these.
    What was measured counts instead of any prediction.

    The predictor knows what was measured before the trial that is being proposed: one seed and one
    record of measurements give the same trials, whatever restarts.
    """

    def __init__(self, space: Space, limit_ms: float, latencies: Latencies) -> None:
        self._space, self._limit_ms, self._latencies = space, limit_ms, latencies
        self.begin(FIRST + 1)

    def begin(self, trial: int) -> None:
        """Goes (back) to what was known before this trial was proposed."""
        self._trial, self._refused = trial, 0
        self._known: dict[str, MeasuredStudent] = {}
        self._learn(self._latencies.before(trial))

    @property
    def error(self) -> PredictionError:
        """The predictor's leave-one-out error on what it knows."""
        return self._error

    def predict(self, candidates: Candidates) -> Tensor:
        """Returns the milliseconds that `n` candidates are predicted to take, float64 `n`."""
        return self._predictor(self._space.latency_features(candidates))

    def screen(self, candidates: Candidates) -> Tensor:
        """Returns `n` booleans: which candidates are worth measuring, or measured and fit."""
        if self._refused >= MOST_REFUSED:
            return torch.zeros(len(candidates), dtype=torch.bool)
        margin = 1 + self._error.median * (1 + self._refused)
        fits = self.predict(candidates) * margin <= self._limit_ms
        for row, key in enumerate(self._space.keys(candidates)):
            if key in self._verdicts:
                fits[row] = self._verdicts[key]
        return fits

    def accepts(self, edits: Edits) -> bool:
        """Measures a candidate, unless it is on record; returns whether it keeps the limit."""
        measured = self._latencies.of(edits, self._trial)
        self._refused += not self._fits(measured)
        self._learn([measured])
        return self._fits(measured)

    def latency_ms(self, architecture_hash: str) -> float | None:
        """Returns the measured median of an architecture; None if it wasn't measured."""
        measured = self._latencies.find(architecture_hash)
        return None if measured is None else measured.median_ms

    def _fits(self, measured: MeasuredStudent) -> bool:
        return measured.median_ms is not None and measured.median_ms <= self._limit_ms

    def _learn(self, measured: Sequence[MeasuredStudent]) -> None:
        self._known |= {one.hash: one for one in measured}
        known = list(self._known.values())
        edits = [Edits.from_json(one.edits) for one in known]
        candidates = self._space.candidates(edits)
        keys = self._space.keys(candidates)
        self._verdicts = {key: self._fits(one) for key, one in zip(keys, known, strict=True)}
        rows = [row for row, one in enumerate(known) if one.median_ms is not None][-MOST_FITTED:]
        features = self._space.latency_features(candidates[torch.tensor(rows)])
        self._predictor = LatencyPredictor(
            features, torch.tensor([known[row].median_ms for row in rows], dtype=torch.float64)
        )
        self._error = self._predictor.error
