"""What the weights alone say of the channels that they make.

[Li2017] Li et al., "Pruning Filters for Efficient ConvNets", ICLR 2017, arXiv 1608.08710: `l1`.
[He2018] He et al., "Soft Filter Pruning", IJCAI 2018, arXiv 1808.06866: `l2`.
[He2019] He et al., "Filter Pruning via Geometric Median", CVPR 2019, arXiv 1811.00250: `fpgm`.
[Liu2017] Liu et al., "Network Slimming", ICCV 2017, arXiv 1708.06519: `gamma`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor

from networks.importance.makers import filters, scales
from networks.importance.ranking import Importance, Scored, rank_together, with_fallback
from networks.space import Space

Weights = Mapping[str, Tensor]

ROUNDING = 1e-5  # relative, of sums of float32 products


def l1(space: Space, weights: Weights) -> Importance:
    """The sum of the filter's absolute weights [Li2017]."""
    return rank_together(space.channels, _of_filters(space, weights, _absolute_sum))


def l2(space: Space, weights: Weights) -> Importance:
    """The Euclidean norm of the filter [He2018]."""
    return rank_together(space.channels, _of_filters(space, weights, _norm))


def fpgm(space: Space, weights: Weights) -> Importance:
    """The sum of the filter's distances to the layer's other filters [He2019].

    One near the geometric median of the filters is what the others can replace.
    """
    return rank_together(space.channels, _of_filters(space, weights, _distance_sum))


def gamma(space: Space, weights: Weights) -> Importance:
    """|γ| of the normalisations that scale the channel [Liu2017].

    After a batch norm, |γ| is the standard deviation of the channel. Layer and group norms scale
    each channel by such a γ too, and theirs is taken. Where no normalisation scales a group's
    channels, the norm of the filter stands in: to white inputs of variance 1, it is the standard
    deviation of what the filter makes.
    """
    found = [
        Scored(maker.units, weights[maker.weight].detach().abs().double().cpu().numpy())
        for maker in scales(space)
    ]
    return with_fallback(space.channels, found, _of_filters(space, weights, _norm))


def _of_filters(
    space: Space, weights: Weights, score: Callable[[Tensor], Tensor]
) -> Iterator[Scored]:
    """`score` makes `n` numbers of float32 filters `n x inputs`."""
    for maker in filters(space):
        rows = weights[maker.weight].detach().float().flatten(1)
        yield Scored(maker.units, score(rows).double().cpu().numpy())


def _absolute_sum(rows: Tensor) -> Tensor:
    return rows.abs().sum(dim=1)


def _norm(rows: Tensor) -> Tensor:
    return rows.square().sum(dim=1).sqrt()


def _distance_sum(rows: Tensor) -> Tensor:
    """A filter that is no number is left out of the others' sums; its own is 0."""
    finite = rows.isfinite().all(dim=1)
    good = rows[finite]
    good = good - good.mean(dim=0)
    squares = good.square().sum(dim=1)
    both = squares[:, None] + squares
    distances = both - 2 * good @ good.T
    # The rounding of these sums is no distance: equal filters are at 0.
    apart = distances > ROUNDING * both
    sums = torch.zeros(len(rows), dtype=rows.dtype, device=rows.device)
    sums[finite] = torch.where(apart, distances, 0.0).sqrt().sum(dim=1)
    return sums
