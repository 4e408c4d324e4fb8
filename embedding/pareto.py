"""How much a candidate is expected to add to the Pareto set of accuracy and known costs.

[Daulton2021] S. Daulton, M. Balandat, E. Bakshy. Parallel Bayesian optimization of multiple noisy
    objectives with expected hypervolume improvement. NeurIPS 2021.
"""

import torch
from botorch.acquisition.multi_objective import logei as pareto_logei
from botorch.acquisition.multi_objective.objective import GenericMCMultiOutputObjective
from botorch.sampling.normal import SobolQMCNormalSampler
from torch import Tensor

from embedding.acquisition import Acquisition, costs_in
from embedding.kernel import OutcomeGP
from embedding.objective import Objective
from embedding.outcome import accuracy_of

SAMPLES = 64

# BoTorch would first compile a C++ kernel for hypervolumes, for minutes, if it finds a compiler.
pareto_logei._load_attempted = True  # noqa: SLF001


def pareto_improvement(
    gp: OutcomeGP,
    objective: Objective,
    teacher_outcome: float,
    observed: Tensor,
    pending: Tensor,
    seed: int,
) -> Acquisition:
    """Returns the logarithm of the noisy expected hypervolume improvement [Daulton2021].

    The hypervolume is that of accuracy and of 1 - cost / teacher's cost, above zero.

    Args: as `embedding.acquisition.improvement`.
    """

    def values(samples: Tensor, X: Tensor | None) -> Tensor:
        assert X is not None
        return objective.values(accuracy_of(teacher_outcome + samples.squeeze(-1)), costs_in(X))

    with torch.no_grad():
        acquisition = pareto_logei.qLogNoisyExpectedHypervolumeImprovement(
            gp,
            ref_point=[0.0] * (1 + len(objective.costs)),
            X_baseline=observed,
            sampler=SobolQMCNormalSampler(torch.Size([SAMPLES]), seed=seed),
            objective=GenericMCMultiOutputObjective(values),
            X_pending=pending if len(pending) else None,
            prune_baseline=True,
        )

    def of(candidates: Tensor) -> Tensor:
        with torch.no_grad():
            wanted: Tensor = acquisition(candidates.unsqueeze(1))
        return wanted

    return of
