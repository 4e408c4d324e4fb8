"""Widths for a budget by importance: AdaPruner's first part.

[Liu2021] X. Liu, C. Guo, et al. AdaPruner: adaptive channel pruning and effective weights
    inheritance. arXiv 2109.06397.
[Liu2017] Z. Liu et al. Learning efficient convolutional networks through network slimming. ICCV
    2017: the scales of batch norms tell which channels matter.

Notation: `G` channel groups, `T` values of θ; C is a group's units in the teacher, Î its importance
relative to the most important group's. A group is kept to c(θ) = C · min(1, θ · Î) units, so that
the costs grow with θ, and a budget has a largest θ that meets it. docs/adapruner.md tells what of
this is the paper's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from networks.candidates import Candidates, Costs
from networks.channels.labels import FIXED
from networks.edits import Edits
from networks.importance.makers import Maker, filters, scales
from networks.space import Space

Values = npt.NDArray[np.float64]

Fits = Callable[[Costs], Tensor]
"""Tells of `n` students which meet the budget (bool `n`); whoever costs less meets it too."""

LEAST_SHARE = 0.1  # of a group's units is kept, as long as a more important group has more
LEAST_THETA = 1e-6  # no group has so many units that a share this small isn't the least width
POINTS = 64  # values of θ that are costed at once
ROUNDS = 6  # the bracket of θ ends 63⁶ times narrower than it was, on a logarithmic scale


def scale_importance(space: Space, weights: Mapping[str, Tensor]) -> Tensor:
    """Returns how important each channel group is, the most important one 1: float64 `G`.

    By the mean |γ| of its normalisations [Liu2021, Liu2017]. A group without any is told by what
    its layers amplify: the mean of |w| √(fan-in) over their filters. Each kind of number counts
    relative to its own mean over the groups that are told by it, so that both can stand in one
    network; where all groups are of one kind, that changes nothing. Groups that can't shrink don't
    count.

    Args:
        space: The teacher's.
        weights: The teacher's, by tensor name.
    """
    free = (space.units > space.steps).numpy()
    relative = np.ones(len(space.groups))
    scaled = _scales(space, weights)
    for values in (scaled, np.where(np.isfinite(scaled), np.nan, _gains(space, weights))):
        known = free & np.isfinite(values)
        if known.any() and (mean := values[known].mean()) > 0:
            relative[known] = values[known] / mean
    most = relative[free].max(initial=0.0)
    relative = np.minimum(relative / most, 1.0) if most > 0 else np.ones_like(relative)
    return torch.from_numpy(relative)


def widths_at(space: Space, importance: Tensor, theta: Tensor) -> Candidates:
    """Returns the candidates that keep c(θ) units of each group, as the space rounds: `n = T`.

    Each is at least as wide in every group as those of smaller θ.

    Args:
        space: The teacher's.
        importance: From 0 to 1, as `scale_importance` gives it: float64 `G`.
        theta: Positive: float64 `T`.
    """
    share = theta[:, None] * importance
    share = torch.maximum(share, theta[:, None].clamp(max=LEAST_SHARE)).clamp(max=1)
    widths = (space.units * share).round().long().clamp(min=1)
    teacher = space.teacher()
    rows = torch.zeros(len(theta), dtype=torch.int64)
    return space.normalise(Candidates(teacher.removed[rows], widths, teacher.skips[rows]))


def narrowest(space: Space) -> Candidates:
    """Returns the one candidate with the least width of each group: θ → 0, whatever matters."""
    theta = torch.tensor([LEAST_THETA], dtype=torch.float64)
    return widths_at(space, torch.ones(len(space.groups), dtype=torch.float64), theta)


def budget_widths(space: Space, importance: Tensor, fits: Fits) -> Edits | None:
    """Returns the widths of the largest θ that meets a budget; None if the narrowest don't.

    Also none where there is no group. What rounding leaves of the budget then widens some groups
    by a step. The teacher is no student: where it meets the budget itself, the widths are the
    widest below it.

    Args:
        space: The teacher's.
        importance: From 0 to 1, as `scale_importance` gives it: float64 `G`.
        fits: The budget.
    """
    if not len(space.groups):
        return None
    low = torch.tensor(LEAST_THETA, dtype=torch.float64)
    high = 1 / importance.min().clamp(min=LEAST_THETA)
    found: Candidates | None = None
    for _ in range(ROUNDS):
        theta = low * (high / low) ** torch.linspace(0, 1, POINTS, dtype=torch.float64)
        tried = widths_at(space, importance, theta)
        meets = fits(space.costs(tried)) & _is_student(space, tried)
        count = int(meets.sum())  # the first ones: costs grow with θ
        if count == 0:
            break
        found = tried[count - 1 : count]
        if count == POINTS:
            break
        low, high = theta[count - 1], theta[count]
    return None if found is None else space.edits(_filled(space, importance, found, fits))[0]


def _filled(space: Space, importance: Tensor, chosen: Candidates, fits: Fits) -> Candidates:
    """Returns the candidate with widths rounded up where the budget has room for it.

    Each group once, by a step, in the order in which a growing θ would come to it: where steps are
    coarse, the nearest widths of one θ leave much of a budget unused.
    """
    ahead = (chosen.widths[0] + space.steps) / (space.units * importance)
    for group in ahead.argsort(stable=True).tolist():
        widths = chosen.widths.clone()
        widths[0, group] += space.steps[group]
        wider = space.normalise(Candidates(chosen.removed, widths, chosen.skips))
        if _is_student(space, wider).item() and fits(space.costs(wider)).item():
            chosen = wider
    return chosen


def _is_student(space: Space, candidates: Candidates) -> Tensor:
    """Returns whether each is narrower than the teacher: bool `n`."""
    return (candidates.widths < space.units).any(dim=1)


def _scales(space: Space, weights: Mapping[str, Tensor]) -> Values:
    """Returns each group's mean |γ|, `G`; not a number for a group without normalisation."""
    return _group_means(
        space, ((maker, _magnitudes(weights[maker.weight])) for maker in scales(space))
    )


def _gains(space: Space, weights: Mapping[str, Tensor]) -> Values:
    """Returns the mean of |w| √(fan-in) over each group's filters, `G`; not a number without."""
    rows = ((maker, _magnitudes(weights[maker.weight].flatten(1))) for maker in filters(space))
    return _group_means(space, ((x, row.mean(axis=1) * row.shape[1] ** 0.5) for x, row in rows))


def _magnitudes(tensor: Tensor) -> Values:
    magnitudes: Values = tensor.detach().cpu().double().abs().numpy()
    return magnitudes


def _group_means(space: Space, values: Iterable[tuple[Maker, Values]]) -> Values:
    """Returns the mean over each group's channels, `G`, of one number for each of a maker's."""
    total, count = np.zeros(len(space.groups)), np.zeros(len(space.groups))
    for maker, each in values:
        units = maker.units.ravel()
        groups = space.channels.groups_of(units[units != FIXED])
        np.add.at(total, groups, each[units != FIXED])
        np.add.at(count, groups, 1)
    with np.errstate(invalid="ignore"):
        means: Values = total / count
    return means
