"""How much a candidate is expected to add to the Pareto set of accuracy and known costs.

[Daulton2021] S. Daulton, M. Balandat, E. Bakshy. Parallel Bayesian optimization of multiple noisy
    objectives with expected hypervolume improvement. NeurIPS 2021.
[Emmerich2006] M. Emmerich, K. Giannakoglou, B. Naujoks. Single- and multiobjective evolutionary
    optimization assisted by Gaussian random field metamodels. IEEE TEC 10(4), 2006.
"""

import math

import torch
from botorch.utils.multi_objective.pareto import is_non_dominated
from torch import Tensor
from torch.nn import functional as F

from embedding.acquisition import Acquisition, SampledTrials, costs_in, log_improvement
from embedding.kernel import OutcomeGP
from embedding.objective import Objective
from embedding.outcome import accuracy_of

LEAST_VOLUME = 1e-300  # whose logarithm is finite


def pareto_improvement(
    gp: OutcomeGP,
    objective: Objective,
    teacher_outcome: float,
    observed: Tensor,
    pending: Tensor,
    seed: int,
) -> Acquisition:
    """Returns the logarithm of the noisy expected hypervolume improvement [Daulton2021].

    The hypervolume is that of accuracy and of 1 - cost / teacher's cost, above zero. A candidate's
    costs are known, so that above each cell of the costs' grid it adds the improvement of its
    accuracy alone, which has a closed form [Emmerich2006]: only what the trials are worth is
    sampled.

    Args: as `embedding.acquisition.improvement`.
    """
    with torch.no_grad():
        trials = SampledTrials(gp, torch.cat([observed, pending]), seed)
        accuracy = accuracy_of(teacher_outcome + trials.outcomes)
        values = objective.values(accuracy, costs_in(trials.x))
        kept = is_non_dominated(values).any(0).nonzero().squeeze(1)
        rivals = trials.take(kept)
        fronts = [Front(sample) for sample in values[:, kept]]

    def of(candidates: Tensor) -> Tensor:
        with torch.no_grad():
            mean, deviation = rivals.given(candidates)
            ones = torch.ones_like(deviation)
            saved = objective.values(ones, costs_in(candidates))[:, 1:]
            outcomes = teacher_outcome + mean
            added = [
                front.log_added(one, deviation, saved)
                for front, one in zip(fronts, outcomes, strict=True)
            ]
            return torch.stack(added).logsumexp(0)

    return of


class Front:
    """The Pareto set of one sample of the trials.

    Args:
        values: `m x (1 + k)`: accuracies, and `k` savings.
    """

    def __init__(self, values: Tensor) -> None:
        values = values[is_non_dominated(values)]
        self._accuracy = torch.cat([values[:, 0], values.new_zeros(1)])
        saved = values[:, 1:].clamp(min=0)
        least = values.new_zeros(1)
        most = values.new_full((1,), math.inf)
        # Of each saving: where cells begin and end. The last has no end.
        self._edges = [torch.cat([least, x.unique(), most]).unique() for x in saved.T]
        covers = torch.ones(len(saved), 1, dtype=torch.bool)
        for column, edges in zip(saved.T, self._edges, strict=True):
            reaches = column.unsqueeze(1) >= edges[1:]
            covers = (covers.unsqueeze(2) & reaches.unsqueeze(1)).flatten(1)
        # The most accurate trial above each cell; above some there is none.
        above = self._accuracy[:-1, None].where(covers, values.new_full((), -1.0))
        best, owner = above.max(dim=0)
        owner = owner.where(best >= 0, torch.full_like(owner, len(saved)))
        self._owned = F.one_hot(owner, len(saved) + 1).to(values.dtype)

    def log_added(self, mean: Tensor, deviation: Tensor, saved: Tensor) -> Tensor:
        """Returns the logarithms of the expected additions of `n` candidates.

        Args:
            mean: of the outcomes, `n`.
            deviation: of the outcomes, `n`.
            saved: `n x k`.
        """
        volumes = saved.new_ones(len(saved), 1)
        for column, edges in zip(saved.T, self._edges, strict=True):
            inside = torch.minimum(column.unsqueeze(1), edges[1:]) - edges[:-1]
            volumes = (volumes.unsqueeze(2) * inside.clamp(min=0).unsqueeze(1)).flatten(1)
        # (m + 1) x n: how much of what the candidate covers each trial is the best of.
        shares = (volumes @ self._owned).mT.clamp(min=LEAST_VOLUME).log()
        rivals = self._accuracy.unsqueeze(1)
        means = mean.expand(len(rivals), -1)
        better = log_improvement(torch.ones_like(deviation), means, deviation, rivals)
        total: Tensor = (shares + better).logsumexp(0)
        return total
