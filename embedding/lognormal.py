"""The expected improvement of a value that is affine in an error, whose logarithm is normal.

[Black1973] F. Black, M. Scholes. The pricing of options and corporate liabilities. Journal of
    Political Economy 81(3), 1973: it is the price of a put.
"""

import math

import torch
from torch import Tensor

# What never is an improvement has this logarithm: -inf would make NaN of sums.
NEVER = -1e6
# Above it the price is the difference of its two terms, below it a difference of ratios.
LARGE = 5.0


def log_put(strike: Tensor, mean: Tensor, deviation: Tensor) -> Tensor:
    """Returns log E[max(strike - X, 0)] of X whose logarithm is normal [Black1973].

    Args:
        strike: `...`; where it isn't positive, X is never below it.
        mean: of log X, `...`.
        deviation: of log X, `...`, positive.

    Returns:
        `...`, at least `NEVER`; exact where X is far above the strike, too.
    """
    positive = strike > 0
    k = strike.where(positive, torch.ones_like(strike))
    d = (k.log() - mean) / deviation
    # X's part is k phi(d) times the Mills ratio at deviation - d: its exponentials cancel.
    near = d.clamp(max=LARGE)
    ratios = _mills(-near) - _mills(deviation - near)
    tail = -0.5 * near.square() - 0.5 * math.log(2 * math.pi) + ratios.clamp(min=1e-300).log()
    forward = (mean + 0.5 * deviation.square() - k.log()).clamp(max=0).exp()
    whole = torch.special.ndtr(d) - forward * torch.special.ndtr(d - deviation)
    log_price = torch.where(d > LARGE, whole.clamp(min=1e-300).log(), tail) + k.log()
    return log_price.where(positive, torch.full_like(log_price, NEVER)).clamp(min=NEVER)


def _mills(x: Tensor) -> Tensor:
    """Returns (1 - Phi(x)) / phi(x)."""
    ratio: Tensor = math.sqrt(math.pi / 2) * torch.special.erfcx(x / math.sqrt(2))
    return ratio
