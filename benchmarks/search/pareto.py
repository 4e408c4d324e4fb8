"""Pareto sets of two outcomes that are both maximised."""

from __future__ import annotations

import torch
from torch import Tensor


def non_dominated(outcomes: Tensor) -> Tensor:
    """Returns which of `m x o` outcomes no other beats: `m` booleans.

    One beats another that it is at least as good as in all and better than in one; of one outcome
    the largest are left.
    """
    other, this = outcomes.unsqueeze(0), outcomes.unsqueeze(1)
    beaten = (other >= this).all(-1) & (other > this).any(-1)
    return ~beaten.any(1)


def hypervolume(outcomes: Tensor) -> float:
    """Returns the area that `m x 2` outcomes dominate, from the reference point (0, 0)."""
    first, second = outcomes.clamp(min=0).double().unbind(1)
    order = first.argsort(descending=True)
    # From the largest first outcome down, each point adds a slab as high as it is above the
    # highest so far.
    highest = torch.cummax(second[order], 0).values
    added = torch.diff(highest, prepend=highest.new_zeros(1))
    return float((first[order] * added).sum())
