"""Which trials are read when there are more than a proposal has time for."""

import torch
from torch import Tensor


def best_and_spread(value: Tensor, most: int) -> Tensor:
    """Returns the rows of at most `most` of `n` trials, ascending.

    Half of them are the best, around which the search goes on; the others are spread evenly over
    the rest's ranks, to the worst, so that what is bad stays known.

    Args:
        value: of the trials, `n`.
        most: how many rows are wanted; all, if there are no more.
    """
    if len(value) <= most:
        return torch.arange(len(value))
    order = value.argsort(descending=True, stable=True)
    best, rest = order[: most // 2], order[most // 2 :]
    even = torch.linspace(0, len(rest) - 1, most - len(best), dtype=torch.float64)
    return torch.cat([best, rest[even.round().long()]]).sort().values
