"""Figures as people read them.

[Wilson1927] Wilson, "Probable inference, the law of succession, and statistical inference".
"""

from __future__ import annotations

import math

_NORMAL_95 = 1.959964  # the normal distribution's quantile of 97.5%


def compact(value: float) -> str:
    """Returns a count with three digits and a unit: `272k`, `11.2M`."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= 0.9995 * size:  # 999.6 thousand are 1M
            return f"{_digits(value / size)}{unit}"
    return _digits(value)


def percent(share: float) -> str:
    """Returns a share with one decimal: `97.4%`; two below one percent."""
    return f"{share:.1%}" if share == 0 or share >= 0.01 else f"{share:.2%}"


def signed(value: float) -> str:
    """Returns a difference with one decimal and its sign: `+1.2`, `−84.7`, `0.0`."""
    told = f"{value:+.1f}"
    return "0.0" if told in {"+0.0", "-0.0"} else told.replace("-", "−")


def share(value: float) -> str:
    """Returns a share as it stands at a tick: `97.5%`, `20%`."""
    return f"{100 * value:.4g}%"


def whole(value: float) -> str:
    """Returns a count as it stands at a tick; nothing between two whole numbers."""
    return f"{value:.0f}" if value == round(value) else ""


def times(ratio: float) -> str:
    """Returns how many times: `21×`, `3.2×`."""
    return f"{ratio:.0f}×" if ratio >= 9.95 else f"{ratio:.1f}×"


def milliseconds(value: float | None) -> str:
    """Returns a time with three digits; `unknown` of None."""
    return "unknown" if value is None else f"{_digits(value)} ms"


def margin(share: float, n: int) -> float:
    """Returns half the width of the 95% interval of a share found among `n` [Wilson1927]."""
    z = _NORMAL_95
    return z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)


def shortened(text: str, most: int) -> str:
    """Returns a text of at most so many characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def _digits(value: float) -> str:
    """Returns three significant digits, never with an exponent where people would not want one."""
    if value >= 999.5:
        return f"{value:,.0f}"
    return f"{value:.3g}"
