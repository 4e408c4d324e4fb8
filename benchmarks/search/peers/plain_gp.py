"""BoTorch's Gaussian process as it comes, on the columns themselves.

[Ament2023] S. Ament, S. Daulton, D. Eriksson, M. Balandat, E. Bakshy. Unexpected improvements to
    expected improvement for Bayesian optimization. NeurIPS 2023.
[Daulton2021] S. Daulton, M. Balandat, E. Bakshy. Parallel Bayesian optimization of multiple noisy
    objectives with expected hypervolume improvement. NeurIPS 2021.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import torch
from botorch.acquisition.acquisition import AcquisitionFunction
from botorch.acquisition.analytic import LogExpectedImprovement
from botorch.acquisition.logei import qLogNoisyExpectedImprovement
from botorch.acquisition.multi_objective import logei as pareto_logei
from botorch.acquisition.multi_objective.analytic import ExpectedHypervolumeImprovement
from botorch.exceptions.errors import ModelFittingError
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from botorch.sampling.normal import SobolQMCNormalSampler
from botorch.utils.multi_objective.box_decompositions.non_dominated import (
    NondominatedPartitioning,
)
from gpytorch.mlls import ExactMarginalLogLikelihood
from torch import Tensor
from torch.nn import functional as F

from benchmarks.search.peers.known_teacher import helps_a_gaussian_process
from benchmarks.search.rows import Rows
from benchmarks.search.tasks import Task
from benchmarks.tables import Table
from embedding import derive_seed

log = logging.getLogger(__name__)

# BoTorch would first compile a C++ kernel for hypervolumes: minutes where it wasn't compiled yet.
pareto_logei._load_attempted = True  # noqa: SLF001

# As many as Optuna's and SMAC's searches begin with here; BoTorch has no number of its own.
FIRST = 10
SAMPLES = 128
# All rows are ranked in closed form, as if the posterior means of what was evaluated were exact,
# then the first ones by samples: of tens of thousands of rows these would take seconds a proposal.
FINALISTS = 128
# Rows that the acquisition takes at once, so that it fits in memory.
CHUNK = 2048


class PlainGP:
    """A `SingleTaskGP` with BoTorch's own defaults, which models the task's value.

    It is fitted to the teacher too, if that helps; what is to be improved on is the best of what
    was evaluated.

    Features are one-hot for kinds and the unit interval for sizes. The acquisition, noisy expected
    improvement [Ament2023] or hypervolume improvement with the saved MACs as a second modelled
    outcome [Daulton2021], is computed for every row that may be asked for: none is rejected. Each
    fit starts from the last one's hyperparameters.
    """

    def __init__(self, table: Table, task: Task, seed: int, start: Sequence[int]) -> None:
        self._table, self._task, self._seed = table, task, seed
        self._rows = Rows(table, task, seed)
        self._features = features(table)
        self._start = list(start[:FIRST])
        self._asked: list[int] = []
        self._outcomes: list[Tensor] = []
        self._teacher: tuple[list[int], list[Tensor]] = ([], [])
        if helps_a_gaussian_process(task):
            self._teacher = [table.teacher], [task.teacher_outcomes(table)]
        self._last: dict[str, Tensor] | None = None

    def ask(self) -> int:
        """Returns a starting row, or that of the largest acquisition."""
        if self._start:
            return self._rows.take(self._start.pop(0))
        left = self._rows.left()
        if not self._asked:
            return self._rows.take(self._rows.draw())
        model = self._fitted()
        if len(left) > FINALISTS:
            left = left[self._values(self._closed_form(model), left).topk(FINALISTS).indices]
        values = self._values(self._sampled(model), left)
        return self._rows.take(int(left[values.argmax()]))

    def tell(self, row: int, accuracy: float) -> None:
        """Adds the row's outcomes to what the model is fitted to."""
        self._asked.append(row)
        self._outcomes.append(self._task.outcomes_of(self._table, row, accuracy))

    def _fitted(self) -> SingleTaskGP:
        rows, outcomes = self._teacher
        known = self._features[[*rows, *self._asked]]
        model = SingleTaskGP(known, torch.cat([*outcomes, *self._outcomes]))
        if self._last is not None:
            # The outcomes' own scaling is of this round's.
            model.load_state_dict(self._last, strict=False)
        try:
            fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
        except ModelFittingError as error:  # the hyperparameters are left as they were
            log.warning("the model could not be fitted to %d rows: %r", len(self._asked), error)
        self._last = {
            name: value.detach().clone()
            for name, value in model.state_dict().items()
            if not name.startswith("outcome_transform")
        }
        return model

    def _closed_form(self, model: SingleTaskGP) -> AcquisitionFunction:
        with torch.no_grad():
            means = model.posterior(self._features[self._asked]).mean
        if self._task.kind == "pareto":
            cells = NondominatedPartitioning(means.new_zeros(2), means)
            return ExpectedHypervolumeImprovement(model, [0.0, 0.0], cells)
        return LogExpectedImprovement(model, means.max())

    def _sampled(self, model: SingleTaskGP) -> AcquisitionFunction:
        seed = derive_seed(self._seed, "plain GP", len(self._asked)) % 2**31
        sampler = SobolQMCNormalSampler(torch.Size([SAMPLES]), seed=seed)
        baseline = self._features[self._asked]
        with torch.random.fork_rng(devices=[]):  # the pruning draws without a seed of its own
            torch.manual_seed(seed)
            if self._task.kind == "pareto":
                return pareto_logei.qLogNoisyExpectedHypervolumeImprovement(
                    model, [0.0, 0.0], baseline, sampler=sampler, prune_baseline=True
                )
            return qLogNoisyExpectedImprovement(
                model, baseline, sampler=sampler, prune_baseline=True
            )

    def _values(self, acquisition: AcquisitionFunction, rows: Tensor) -> Tensor:
        with torch.no_grad():
            chunks = self._features[rows].unsqueeze(1).split(CHUNK)
            return torch.cat([acquisition(x) for x in chunks])


def features(table: Table) -> Tensor:
    """Returns what the model reads, `n x f` in the unit cube, float64."""
    columns = []
    for column, size, ordinal in zip(
        table.choices.T, table.cardinalities, table.ordinal, strict=True
    ):
        columns.append(
            column.unsqueeze(1).double() / max(size - 1, 1)
            if ordinal
            else F.one_hot(column, size).double()
        )
    return torch.cat(columns, dim=1)
