"""How much a candidate is expected to improve on the best, with its cost known exactly.

The GP models accuracy alone; the objective is computed from its samples and the costs that its
input carries, inside the acquisition.

[Ament2023] S. Ament, S. Daulton, D. Eriksson, M. Balandat, E. Bakshy. Unexpected improvements to
    expected improvement for Bayesian optimization. NeurIPS 2023.
"""

from typing import NamedTuple

import torch
from botorch.acquisition.logei import qLogNoisyExpectedImprovement
from botorch.acquisition.objective import GenericMCObjective
from botorch.acquisition.utils import prune_inferior_points
from botorch.sampling.normal import SobolQMCNormalSampler
from torch import Tensor

from embedding.encoder import EMBEDDING
from embedding.kernel import AccuracyGP
from embedding.objective import Objective
from networks import Costs

# Samples of the joint posterior. The candidates are a discrete set and share the samples, so that
# their ranking needs fewer than a gradient would.
SAMPLES = 128
# Samples in which a trial must be the best once to count as one that may be.
PRUNING_SAMPLES = 512


class Scale(NamedTuple):
    """The mean and the standard deviation that standardise accuracies."""

    mean: float
    std: float

    @classmethod
    def of(cls, accuracy: Tensor) -> "Scale":
        """Returns the scale of `n` accuracies.

        Differences under a thousandth are no signal (one image in a thousand): if there are no
        greater ones, they are not blown up.
        """
        std = accuracy.std(correction=0).item()
        return cls(accuracy.mean().item(), max(std, 1e-3))

    def standardise(self, accuracy: Tensor) -> Tensor:
        """Returns accuracies in standard deviations from the mean."""
        return (accuracy - self.mean) / self.std


def with_costs(embedded: Tensor, costs: Costs) -> Tensor:
    """Returns the GP's input `n x (EMBEDDING + 4)`, float64: the embedding, then the costs."""
    columns = torch.stack([costs.params, costs.macs, costs.bytes, costs.activations], dim=1)
    return torch.cat([embedded, columns.to(embedded.dtype)], dim=1)


def improvements(
    gp: AccuracyGP,
    objective: Objective,
    scale: Scale,
    candidates: Tensor,
    observed: Tensor,
    pending: Tensor,
    seed: int,
) -> Tensor:
    """Returns each candidate's logarithm of the noisy expected improvement [Ament2023].

    Args:
        gp: conditioned on standardised accuracies.
        objective: what is maximised.
        scale: turns the GP's outcomes into accuracies.
        candidates: `n x (EMBEDDING + 4)`, feasible.
        observed: `m x (EMBEDDING + 4)`: the trials that may be the best; at least one.
        pending: `p x (EMBEDDING + 4)`: trials under way, which count as if they were done.
        seed: of the samples.

    Returns:
        `n`, one candidate considered at a time.
    """

    def value(samples: Tensor, X: Tensor | None) -> Tensor:
        assert X is not None
        # No accuracy is above 1, whatever the GP believes.
        accuracy = (scale.mean + scale.std * samples.squeeze(-1)).clamp(0, 1)
        costs = Costs(*X[..., EMBEDDING:].unbind(-1))
        return objective.value(accuracy, costs) / scale.std

    mc_objective = GenericMCObjective(value)
    with torch.no_grad():
        # Each candidate is sampled jointly with the baseline: few points there are most of the
        # speed. The acquisition's own pruning draws without a seed.
        best = prune_inferior_points(
            gp,
            observed,
            objective=mc_objective,
            sampler=SobolQMCNormalSampler(torch.Size([PRUNING_SAMPLES]), seed=seed),
        )
        acquisition = qLogNoisyExpectedImprovement(
            gp,
            X_baseline=best,
            sampler=SobolQMCNormalSampler(torch.Size([SAMPLES]), seed=seed),
            objective=mc_objective,
            X_pending=pending if len(pending) else None,
            prune_baseline=False,
        )
        result: Tensor = acquisition(candidates.unsqueeze(1))
    return result
