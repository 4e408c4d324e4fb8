"""Ours with one idea taken away, for what each is worth.

The product has no options for these: each is a small change of its proposer, and what it replaces
in a module of the product is put back before its proposal is returned.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from unittest.mock import patch

import torch
from botorch.acquisition.analytic import _log_ei_helper
from torch import Tensor

from benchmarks.search.ours import Ours, ours
from benchmarks.search.table_space import TableSpace
from benchmarks.search.tasks import Task
from benchmarks.tables import Table
from embedding import EmbeddingProposer, Objective, SearchSettings
from embedding.acquisition import Acquisition
from embedding.history import History
from embedding.kernel import StudentKernel
from embedding.outcome import SLACK
from embedding.reading import Reader, Reading
from embedding.seeds import generator
from networks import Candidates

# As many as most peers draw at random before they model anything.
RANDOM_FIRST = 10
LEAST_SPREAD = 1e-6  # of values, where all are equal

LogImprovement = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
"""As `embedding.acquisition.log_improvement`."""


class WithoutTeacher(EmbeddingProposer):
    """The teacher is no observation, and what the trials are compared with is their own mean.

    The first trial is drawn at random: nothing is known of it.
    """

    def _propose(self, history: History) -> Candidates:
        if len(history.observed):
            return super()._propose(history)
        draws = generator(self.settings.seed, "propose", history.trials)
        return self._candidates(history, draws).candidates[:1]

    def _observations(self, history: History) -> tuple[Reading, Tensor, Tensor]:
        if self._observed is None:
            reading, y, rows = super()._observations(history)
            reading, y = reading.take(torch.arange(1, len(reading))), y[1:] + self._teacher_outcome
            with torch.no_grad():
                expected = self._surrogate.gp.mean_module(reading.x)
            self._teacher_outcome = float((y - expected).mean())
            self._observed = reading, y - self._teacher_outcome, rows[1:] - 1
        return self._observed

    def _acquisition(self, history: History) -> Acquisition:
        """The product leaves the first row out, which is the teacher's: one is put there."""
        assert self._observed is not None
        kept = self._observed
        reading = replace(kept[0], x=torch.cat([kept[0].x[:1], kept[0].x]))
        self._observed = reading, *kept[1:]
        try:
            return super()._acquisition(history)
        finally:
            self._observed = kept


class WithoutScalingLaw(EmbeddingProposer):
    """Before it has seen any, a smaller student is believed to be as good as the teacher."""

    def __init__(self, space: TableSpace, objective: Objective, settings: SearchSettings) -> None:
        super().__init__(space, objective, settings)
        self._surrogate.gp.mean_module.slopes.zero_()


def _of_a_line(accuracy_of: Callable[[Tensor], Tensor], slope: float) -> LogImprovement:
    """Returns the logarithm of the expected improvement where the outcome is a line in accuracy."""

    def log_improvement(worth: Tensor, mean: Tensor, deviation: Tensor, best: Tensor) -> Tensor:
        spread = (worth * slope * deviation).clamp(min=1e-12)
        return _log_ei_helper((worth * accuracy_of(mean) - best) / spread) + spread.log()

    return log_improvement


class WithoutLogarithm(EmbeddingProposer):
    """The accuracy itself is modelled, in units of the teacher's error.

    So near to the teacher a difference is what it is with logarithms, and the priors fit.
    """

    def _propose(self, history: History) -> Candidates:
        unit = 1 + SLACK - self.objective.teacher_accuracy

        def plain(accuracy: Tensor) -> Tensor:
            # Of the teacher's accuracy this is the teacher's outcome, as it is of the product's.
            return (accuracy - self.objective.teacher_accuracy) / unit + self._teacher_outcome

        def accuracy_of(outcomes: Tensor) -> Tensor:
            relative = (outcomes - self._teacher_outcome) * unit
            return (self.objective.teacher_accuracy + relative).clamp(0, 1)

        with (
            patch("embedding.embedding_proposer.outcome", plain),
            patch("embedding.acquisition.accuracy_of", accuracy_of),
            patch("embedding.acquisition.log_improvement", _of_a_line(accuracy_of, unit)),
            patch("embedding.pareto.accuracy_of", accuracy_of),
            patch("embedding.pareto.log_improvement", _of_a_line(accuracy_of, unit)),
        ):
            return super()._propose(history)


class BlackBox(EmbeddingProposer):
    """The value itself is modelled, as if what a student costs were not known.

    Costs are neither read nor computed with; they only say what is allowed, as they do to peers.
    The values are standardised.

    Raises:
        ValueError: If a Pareto set is searched for, which has no one value.
    """

    def __init__(self, space: TableSpace, objective: Objective, settings: SearchSettings) -> None:
        if objective.kind == "pareto":
            raise ValueError("a Pareto set has more than one value: the black box models one")
        super().__init__(space, objective, settings)
        self._reader = CostBlindReader(space, self._surrogate)
        self._teacher_outcome = 0.0

    def _propose(self, history: History) -> Candidates:
        with (
            patch("embedding.embedding_proposer.outcome", lambda accuracy: accuracy),
            patch("embedding.acquisition.accuracy_of", lambda values: values),
            patch("embedding.acquisition.log_improvement", _of_a_line(lambda x: x, 1.0)),
        ):
            return super()._propose(history)

    def _observations(self, history: History) -> tuple[Reading, Tensor, Tensor]:
        if self._observed is None:
            reading, accuracy, rows = super()._observations(history)
            accuracy[0] = self.objective.teacher_accuracy
            values = self.objective.value(accuracy, self.space.costs(reading.candidates))
            spread = values.std(correction=0).clamp(min=LEAST_SPREAD) if len(values) > 1 else 1
            self._observed = reading, (values - values.mean()) / spread, rows
        return self._observed

    def _acquisition(self, history: History) -> Acquisition:
        real = self.objective
        self.objective = replace(real, kind="accuracy")  # of what is modelled, nothing is computed
        try:
            return super()._acquisition(history)
        finally:
            self.objective = real


class CostBlindReader(Reader):
    """Reads candidates, and not what they cost."""

    def read(self, candidates: Candidates) -> Reading:
        """Returns the candidates with the teacher's costs."""
        reading = super().read(candidates)
        reading.x[:, self._surrogate.layout.logs] = 0
        return reading


class WithoutLines(EmbeddingProposer):
    """The kernel has bends only."""

    def __init__(self, space: TableSpace, objective: Objective, settings: SearchSettings) -> None:
        super().__init__(space, objective, settings)
        self._surrogate.gp.covar_module = BendsKernel(self._surrogate.layout).double()


class BendsKernel(StudentKernel):
    """The product's kernel less the linear one."""

    def forward(self, x1: Tensor, x2: Tensor, diag: bool = False, **_: object) -> Tensor:
        """Returns the covariance, `... x n x m`, or its diagonal, `... x n`."""
        a, b = x1[..., self.layout.plain], x2[..., self.layout.plain]
        lines = (a * b).sum(-1) if diag else a @ b.mT
        variance = self.log_variance.exp() / a.shape[-1]
        result: Tensor = super().forward(x1, x2, diag) - variance * lines
        return result


class WithoutClimbs(EmbeddingProposer):
    """The best of the drawn candidates is proposed."""

    def _climb(
        self,
        wants: Acquisition,
        history: History,  # noqa: ARG002 only a climb needs it
        draws: torch.Generator,  # noqa: ARG002 and these
    ) -> Candidates:
        assert self._pool is not None
        row = int(wants(self._pool.x).argmax())
        return self._pool.candidates[row : row + 1]


def random_start(table: Table, task: Task, seed: int, start: Sequence[int]) -> Ours:
    """Returns our search, which evaluates the peers' first rows before it proposes."""
    return ours(table, task, seed, start).after(start[:RANDOM_FIRST])


without_teacher = functools.partial(ours, kind=WithoutTeacher)
without_scaling_law = functools.partial(ours, kind=WithoutScalingLaw)
without_logarithm = functools.partial(ours, kind=WithoutLogarithm)
black_box = functools.partial(ours, kind=BlackBox)
without_embedding = functools.partial(ours, kernels=0)
without_training = functools.partial(ours, kind=functools.partial(EmbeddingProposer, frozen=True))
without_lines = functools.partial(ours, kind=WithoutLines)
without_climbs = functools.partial(ours, kind=WithoutClimbs)
one_encoder = functools.partial(ours, kernels=1)
