"""How much a candidate is expected to improve on what is known, with its cost known exactly.

The GP models outcomes alone; the objective is computed from them and from the costs that its input
carries, inside the acquisition.

[Letham2019] B. Letham, B. Karrer, G. Ottoni, E. Bakshy. Constrained Bayesian optimization with
    noisy experiments. Bayesian Analysis 14(2), 2019.
[Ament2023] S. Ament, S. Daulton, D. Eriksson, M. Balandat, E. Bakshy. Unexpected improvements to
    expected improvement for Bayesian optimization. NeurIPS 2023.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from botorch.utils.sampling import draw_sobol_normal_samples
from linear_operator.utils.cholesky import psd_safe_cholesky
from torch import Tensor

from embedding.kernel import OutcomeGP
from embedding.lognormal import NEVER, log_put
from embedding.objective import COSTS, Objective
from embedding.outcome import SLACK, accuracy_of
from networks import Costs

# Samples of what the trials so far are worth. All candidates share them, and what each candidate
# is worth beside a sample is integrated, not sampled.
SAMPLES = 64

Acquisition = Callable[[Tensor], Tensor]
"""Tells of `n x columns` candidates, one considered at a time, what each is worth: `n`."""


def cost_columns(costs: Costs) -> Tensor:
    """Returns the costs as columns, `n x len(COSTS)`, float64."""
    return torch.stack([getattr(costs, name) for name in COSTS], dim=1).double()


def costs_in(x: Tensor) -> Costs:
    """Returns the costs in the GP's input, each `... x n`."""
    return Costs(*x[..., -len(COSTS) :].unbind(-1))


class Posterior:
    """What a conditioned GP says, in few matrix products for thousands of candidates.

    Args:
        gp: conditioned on the outcomes of `n` inputs.
    """

    def __init__(self, gp: OutcomeGP) -> None:
        self._gp = gp
        self._x: Tensor = gp.train_inputs[0]  # type: ignore[index]
        noise = gp.likelihood.noise * torch.eye(len(self._x), dtype=torch.float64)
        self._root = psd_safe_cholesky(gp.covar_module.forward(self._x, self._x) + noise)
        residual = gp.train_targets - gp.mean_module(self._x)
        self._weights = torch.cholesky_solve(residual.unsqueeze(1), self._root)

    def at(self, x: Tensor) -> "Predicted":
        """Returns what is known of the outcomes at `m x columns`."""
        shared = self._gp.covar_module.forward(self._x, x)
        whitened = torch.linalg.solve_triangular(self._root, shared, upper=False)
        mean = self._gp.mean_module(x) + (shared.mT @ self._weights).squeeze(1)
        return Predicted(x, mean, whitened)

    def bend(self, x: Tensor) -> Tensor:
        """Returns what the bends over features and embeddings add to the means: `m`."""
        bend: Tensor = self._gp.covar_module.bends(x, self._x) @ self._weights
        return bend.squeeze(1)

    def variance(self, a: "Predicted") -> Tensor:
        """Returns the variances: `m`."""
        prior: Tensor = self._gp.covar_module.forward(a.x, a.x, diag=True)
        return prior - a.whitened.square().sum(0)

    def covariance(self, a: "Predicted", b: "Predicted") -> Tensor:
        """Returns the covariances between two sets of inputs."""
        prior: Tensor = self._gp.covar_module.forward(a.x, b.x)
        return prior - a.whitened.mT @ b.whitened


@dataclass(frozen=True)
class Predicted:
    """A `Posterior` at some inputs.

    Attributes:
        x: The inputs, `m x columns`.
        mean: Of their outcomes, `m`.
        whitened: What they share with the `n` known ones, whitened: `n x m`.
    """

    x: Tensor
    mean: Tensor
    whitened: Tensor

    def take(self, rows: Tensor) -> "Predicted":
        """Returns those of the inputs that `rows` names."""
        return Predicted(self.x[rows], self.mean[rows], self.whitened[:, rows])


class SampledTrials:
    """Samples of what some trials are really worth, and what candidates are beside each.

    Args:
        gp: conditioned on outcomes.
        x: the trials, `m x columns`.
        seed: of the samples.
    """

    def __init__(self, gp: OutcomeGP, x: Tensor, seed: int) -> None:
        self._posterior = Posterior(gp)
        self._trials = self._posterior.at(x)
        root = psd_safe_cholesky(self._posterior.covariance(self._trials, self._trials))
        draws = draw_sobol_normal_samples(len(x), SAMPLES, dtype=torch.float64, seed=seed)
        self.outcomes: Tensor = self._trials.mean + draws @ root.mT

    @property
    def x(self) -> Tensor:
        """The trials, `m x columns`."""
        return self._trials.x

    def take(self, rows: Tensor) -> "Rivals":
        """Returns those of the trials that `rows` names."""
        return Rivals(self._posterior, self._trials.take(rows), self.outcomes[:, rows])


class Rivals:
    """A few trials, of which each sample says what they are really worth.

    Args:
        posterior: of their GP.
        trials: `m` of them.
        outcomes: `samples x m`.
    """

    def __init__(self, posterior: Posterior, trials: Predicted, outcomes: Tensor) -> None:
        self._posterior, self._trials = posterior, trials
        self._root = psd_safe_cholesky(posterior.covariance(trials, trials))
        residual = (outcomes - trials.mean).mT
        self._known = torch.linalg.solve_triangular(self._root, residual, upper=False)

    def given(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the outcomes at `n x columns` in each sample.

        Returns:
            Means, `samples x n`, and the deviations, `n`, which all samples share.
        """
        predicted = self._posterior.at(x)
        shared = self._posterior.covariance(self._trials, predicted)
        beside = torch.linalg.solve_triangular(self._root, shared, upper=False)
        variance = self._posterior.variance(predicted) - beside.square().sum(0)
        return predicted.mean + self._known.mT @ beside, variance.clamp(min=1e-10).sqrt()


def log_improvement(worth: Tensor, mean: Tensor, deviation: Tensor, best: Tensor) -> Tensor:
    """Returns the logarithm of the expected improvement, `samples x n`.

    A value is worth x accuracy, and so worth x (1 + SLACK) - worth x exp(-outcome): its error is
    log-normal. What the outcome promises beyond an accuracy of 1 doesn't count.

    Args:
        worth: of an accuracy of 1, `n`.
        mean: of the outcomes, `samples x n`.
        deviation: of the outcomes, `n`.
        best: what has to be beaten, `samples x 1`.
    """
    error, spread = worth.clamp(min=1e-12).log() - mean, deviation.expand_as(mean)
    above = log_put(worth * (1 + SLACK) - best, error, spread)
    beyond = log_put((worth * SLACK).expand_as(mean), error, spread)
    share = -torch.expm1((beyond - above).clamp(max=0))
    possible = (worth > best) & (share > 0)
    counts = above + share.where(possible, torch.ones_like(share)).log()
    return counts.where(possible, torch.full_like(counts, NEVER)).clamp(min=NEVER)


def improvement(
    gp: OutcomeGP,
    objective: Objective,
    teacher_outcome: float,
    observed: Tensor,
    pending: Tensor,
    seed: int,
) -> Acquisition:
    """Returns the logarithm of the noisy expected improvement of the value [Letham2019, Ament2023].

    What the trials are worth isn't known exactly: it is sampled. For each sample a candidate's
    improvement on the best has a closed form, because its error is log-normal.

    Args:
        gp: conditioned on outcomes relative to the teacher's.
        objective: what is maximised.
        teacher_outcome: what those are relative to.
        observed: `m x columns`: the trials that may be the best; at least one.
        pending: `p x columns`: trials under way, which count as if they were done.
        seed: of the samples.
    """
    with torch.no_grad():
        trials = SampledTrials(gp, torch.cat([observed, pending]), seed)
        accuracy = accuracy_of(teacher_outcome + trials.outcomes)
        best, rows = objective.value(accuracy, costs_in(trials.x)).max(dim=1)
        # Only those that are the best in a sample say what a candidate has to beat.
        rivals = trials.take(rows.unique())

    def of(candidates: Tensor) -> Tensor:
        with torch.no_grad():
            mean, deviation = rivals.given(candidates)
            worth = objective.value(torch.ones_like(deviation), costs_in(candidates))
            improved = log_improvement(worth, teacher_outcome + mean, deviation, best.unsqueeze(1))
            result: Tensor = improved.logsumexp(0)
        return result

    return of
