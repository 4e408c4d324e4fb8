"""Random candidates by the paper's operations, and random steps from given ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Generator, Tensor

from networks.candidates import Candidates
from networks.rounding import round_widths

if TYPE_CHECKING:
    from networks.space import Space

LEAST_SHARE = 1 / 16  # of a group's units is kept in a random candidate, or one unit
SPREAD = 0.2  # standard deviation of a group's depth of shrinkage around its candidate's
KEPT_WHOLE = 0.15  # the share of groups that a random candidate leaves as they are
MOST_SKIPS = 2.0  # random candidates have this many on average at the most
STEP = 0.5  # standard deviation of a mutated width's logarithm


def sample(space: Space, n: int, generator: Generator) -> Candidates:
    """Random removals, shrinkage and skips, not normalised.

    Each candidate draws how far it goes: the share of removals that are done, and how deep its
    groups shrink on a logarithmic scale, so that sizes spread evenly in orders of magnitude.
    """
    share = torch.rand(n, 1, generator=generator) ** 2
    removed = torch.rand(n, len(space.removals), generator=generator) < share
    depth = torch.rand(n, 1, generator=generator)
    noise = torch.randn(n, len(space.groups), generator=generator)
    widths = _shrink(space.units, (depth + SPREAD * noise).clamp(0, 1))
    whole = torch.rand(n, len(space.groups), generator=generator) < KEPT_WHOLE
    widths = torch.where(whole & (depth < 0.5), space.units, widths)
    rate = torch.rand(n, 1, generator=generator) * MOST_SKIPS / max(1, len(space.skips))
    skips = torch.rand(n, len(space.skips), generator=generator) < rate
    return Candidates(removed, widths, skips)


def _shrink(units: Tensor, depth: Tensor) -> Tensor:
    """From all units (depth 0) to the least share of them (depth 1)."""
    least = (units * LEAST_SHARE).clamp(min=1)
    kept = units * torch.exp(depth * torch.log(least / units))
    return kept.round().long().clamp(min=1)


def mutate(space: Space, candidates: Candidates, generator: Generator) -> Candidates:
    """One random operation a candidate: toggles a removal, scales a group, or toggles a skip."""
    n = len(candidates)
    choices = torch.tensor([len(space.removals) > 0, len(space.groups) > 0, len(space.skips) > 0])
    odds = choices * torch.tensor([1.0, 2.0, 1.0])
    kind = torch.multinomial(odds.expand(n, -1), 1, generator=generator)[:, 0]
    removed = candidates.removed ^ (
        _one_hot(len(space.removals), n, generator) & (kind == 0)[:, None]
    )
    skips = candidates.skips ^ (_one_hot(len(space.skips), n, generator) & (kind == 2)[:, None])
    scaled = _scale(space, candidates.widths, generator)
    chosen = _one_hot(len(space.groups), n, generator) & (kind == 1)[:, None]
    return Candidates(removed, torch.where(chosen, scaled, candidates.widths), skips)


def _one_hot(size: int, n: int, generator: Generator) -> Tensor:
    """One random position a row: bool `n x size`."""
    if size == 0:
        return torch.zeros(n, 0, dtype=torch.bool)
    chosen = torch.randint(size, (n, 1), generator=generator)
    return torch.zeros(n, size, dtype=torch.bool).scatter_(1, chosen, True)


def _scale(space: Space, widths: Tensor, generator: Generator) -> Tensor:
    """Widths times a log-normal factor, and different by at least a step where they can be."""
    factor = torch.exp(STEP * torch.randn(widths.shape, generator=generator))
    scaled = round_widths((widths * factor).round().long(), space.units, space.steps)
    # From the teacher's width, which may be no multiple, to the nearest multiple below it.
    wider, narrower = widths + space.steps, (widths - 1) // space.steps * space.steps
    moved = torch.where(factor < 1, narrower, wider)
    return round_widths(torch.where(scaled == widths, moved, scaled), space.units, space.steps)
