"""Which trials a job trains to the end."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from botorch.utils.multi_objective.box_decompositions import FastNondominatedPartitioning
from torch import Tensor

from app.records import TeacherRecord, TrialRecord
from workers.offering import best_trials
from workers.work import Work


def final_trials(
    work: Work, trials: Sequence[TrialRecord], teacher: TeacherRecord
) -> list[TrialRecord]:
    """Returns up to `final_students` trials: the best ones, or some spread over the Pareto set.

    They spread by volume: first the highest score, then always the trial that adds most to the
    space of accuracy and shares of the teacher's costs that is beaten by what is chosen already.
    """
    n = work.job.request.training.final_students
    costs = work.job.request.objective.costs
    if costs is None:
        return best_trials(work, trials, teacher, n)
    ranked = best_trials(work, trials, teacher, len(trials))
    gains = [
        [trial.accuracy, *(1 - getattr(trial, cost) / getattr(teacher, cost) for cost in costs)]
        for trial in ranked
    ]
    return [ranked[row] for row in spread(torch.tensor(gains, dtype=torch.float64), n)]


def spread(gains: Tensor, n: int) -> list[int]:
    """Chooses points that dominate much together; each adds the most to those before it.

    Args:
        gains: `m x d`, of which more is better; what is below 0 counts as 0.
        n: how many to choose.

    Returns:
        Up to `n` rows, the first row first; of equals the first.
    """
    chosen = list(range(min(len(gains), n, 1)))
    while len(chosen) < min(len(gains), n):
        added = _added(gains, gains[chosen])
        rest = [row for row in range(len(gains)) if row not in chosen]
        chosen.append(max(rest, key=lambda row: float(added[row])))
    return chosen


def _added(points: Tensor, chosen: Tensor) -> Tensor:
    """Returns the volume above 0 that each point dominates and the chosen ones don't, `m`."""
    origin = torch.zeros(points.shape[1], dtype=points.dtype)
    lower, upper = FastNondominatedPartitioning(origin, chosen).get_hypercell_bounds()
    sides = (torch.minimum(points[:, None], upper) - lower).clamp(min=0)
    volume: Tensor = sides.prod(dim=2).sum(dim=1)
    return volume
