"""What the best of a few draws is expected to be worth.

[Dodge2019] J. Dodge, S. Gururangan, D. Card, R. Schwartz, N. Smith. Show your work: improved
    reporting of experimental results. EMNLP 2019: the expected best of n random evaluations.
[Tang2020] R. Tang, J. Lee, J. Xin, X. Liu, Y. Yu, J. Lin. Showing your work doesn't always work.
    ACL 2020: that their estimator is biased, and one that isn't.
"""

import torch
from torch import Tensor


def expected_best(values: Tensor, most: int) -> Tensor:
    """Returns the expected best of 1, 2, … draws, `min(most, m)`, float64.

    Draws are never repeated, as a search never tries a student twice: of `m` values in order, the
    i-th is the best of `n` in C(i - 1, n - 1) of the C(m, n) choices [Tang2020].

    Args:
        values: `samples x m`: what each of the `m` may be worth, over which is averaged.
        most: how many draws.
    """
    m = values.shape[-1]
    ordered = values.double().sort(dim=-1).values.mean(0)
    i = torch.arange(1, m + 1, dtype=torch.float64)
    n = torch.arange(1, min(most, m) + 1, dtype=torch.float64).unsqueeze(1)
    ways = _log_choices(i - 1, n - 1) - _log_choices(torch.tensor(float(m), dtype=torch.float64), n)
    return ways.exp() @ ordered


def _log_choices(of: Tensor, n: Tensor) -> Tensor:
    """Returns the logarithm of the number of choices of `n`; -inf where there aren't as many."""
    of, n = torch.broadcast_tensors(of, n)
    left = (of - n).clamp(min=0)
    choices = (of + 1).lgamma() - (n + 1).lgamma() - (left + 1).lgamma()
    return choices.where(of >= n, -torch.inf)
