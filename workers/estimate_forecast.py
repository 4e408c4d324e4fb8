"""What is known of any student's latency: as measured where it was, else predicted, or unknown."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

import networks
from networks import Candidates, LatencyPredictor, Space
from networks.latency_predictor import PredictionError
from workers.estimate_latency import Latencies
from workers.estimate_space import Survey

# Two measurements of one network, a moment apart on an idle machine, lie about this close together.
NOISE = 0.05


@dataclass(frozen=True)
class Forecast:
    """The latency of every student of a space.

    Attributes:
        space: Of all students.
        measured: The `m` candidates that were measured.
        measured_ms: What they take, float64 `m`.
        predictor: Fitted to them; None where they are too few.
    """

    space: Space
    measured: Candidates
    measured_ms: Tensor
    predictor: LatencyPredictor | None

    @classmethod
    def of(cls, survey: Survey, latencies: Latencies) -> Forecast:
        """Returns what the measured latencies tell of all others."""
        named = {**survey.students, "teacher": survey.space.teacher()}
        measured = Candidates.cat([survey.drawn[:0], *(named[name] for name in latencies.ms)])
        ms = torch.tensor(list(latencies.ms.values()), dtype=torch.float64)
        predictor = None
        if len(ms) >= networks.LEAST_MEASURED:
            predictor = LatencyPredictor(survey.space.latency_features(measured), ms)
        return cls(survey.space, measured, ms, predictor)

    @property
    def error(self) -> PredictionError | None:
        """How far the predictions are off; None where there are none."""
        return None if self.predictor is None else self.predictor.error

    def ms(self, candidates: Candidates) -> Tensor:
        """Returns the likely milliseconds of `n` candidates: float64 `n`; 0 where unknown."""
        return self._with_measured(candidates, self._predicted(candidates), 1.0)

    def least_ms(self, candidates: Candidates) -> Tensor:
        """Returns what each takes at least, as far as measurements and predictions hold."""
        predicted = self._predicted(candidates)
        error = 0.0 if self.error is None else self.error.p90
        return self._with_measured(candidates, predicted / (1 + error), 1 / (1 + NOISE))

    def most_ms(self, candidates: Candidates) -> Tensor:
        """Returns what each takes at most, as far as they hold; infinite where that is unknown."""
        predicted = self._predicted(candidates)
        share = 0.0 if self.error is None else max(1 - self.error.p90, 0.0)
        most = predicted / share if share else torch.full_like(predicted, torch.inf)
        return self._with_measured(candidates, most, 1.0)

    def _predicted(self, candidates: Candidates) -> Tensor:
        if self.predictor is None:
            return torch.zeros(len(candidates), dtype=torch.float64)
        return self.predictor(self.space.latency_features(candidates))

    def _with_measured(self, candidates: Candidates, ms: Tensor, share: float) -> Tensor:
        """Returns `ms`, and for each candidate that was measured that share of what it took."""
        found = ms.clone()
        for row, one in enumerate(self.measured_ms.tolist()):
            same = (
                (candidates.removed == self.measured.removed[row]).all(dim=1)
                & (candidates.widths == self.measured.widths[row]).all(dim=1)
                & (candidates.skips == self.measured.skips[row]).all(dim=1)
            )
            found[same] = share * one
        return found
