"""From values to pixels, and where an axis has its ticks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)  # times a power of ten, between the ticks
_WIDE = 12.0  # costs that differ by more are told apart on a logarithmic axis alone
_PADDING = 0.05


@dataclass(frozen=True)
class Scale:
    """An axis from `low` to `high`, `start` to `end` in pixels.

    Attributes:
        low: the smallest value; what lies below is drawn at `start`.
        high: the largest value; what lies above is drawn at `end`.
        start: pixels.
        end: pixels; less than `start` on an axis that goes up.
        write: how a tick's value is written.
        logarithmic: whether equal ratios are equally far apart.
    """

    low: float
    high: float
    start: float
    end: float
    write: Callable[[float], str]
    logarithmic: bool = False

    def at(self, value: float) -> float:
        """Returns where a value stands, in pixels."""
        low, high, here = self.low, self.high, min(max(value, self.low), self.high)
        if self.logarithmic:
            low, high, here = math.log(low), math.log(high), math.log(here)
        return self.start + (here - low) / (high - low) * (self.end - self.start)

    def ticks(self, about: int = 5) -> list[float]:
        """Returns round values on the axis, about so many."""
        if self.logarithmic:
            return _powers(self.low, self.high, about)
        step = _step((self.high - self.low) / about)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]


def value_scale(
    values: Iterable[float],
    start: float,
    end: float,
    write: Callable[[float], str],
    most: float = 1.0,
) -> Scale:
    """Returns a scale for shares or scores, from 0 to `most`, on which most can be told apart.

    A few that are far below all others are not on it: `at` draws them at its start.
    """
    found = np.array(list(values), dtype=np.float64)
    low, high = float(found.min()), float(found.max())
    tenth = float(np.quantile(found, 0.1))
    if high - low > 2.5 * (high - tenth) > 0:
        low = tenth - 0.25 * (high - tenth)
    room = max((high - low) * _PADDING, 0.005)
    return Scale(max(low - room, 0.0), min(high + room, most), start, end, write)


def cost_scale(
    costs: Sequence[float], start: float, end: float, write: Callable[[float], str]
) -> Scale:
    """Returns a scale for costs (above 0): logarithmic where they differ much."""
    low, high = min(costs), max(costs)
    if low > 0 and high / low > _WIDE:
        room = (high / low) ** _PADDING
        return Scale(low / room, high * room, start, end, write, logarithmic=True)
    room = max((high - low) * _PADDING, high * 0.01, 1e-9)
    return Scale(max(low - room, 0.0), high + room, start, end, write)


def _step(least: float) -> float:
    """Returns the smallest round step that is no less."""
    power = 10.0 ** math.floor(math.log10(least))
    return power * next(step for step in _STEPS if step * power >= least * (1 - 1e-9))


def _powers(low: float, high: float, about: int) -> list[float]:
    """Returns 1, 2 and 5 times the powers of ten within, fewer of each where that is too many."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1, 2, 5), (1, 3), (1,)):
        found = [s * 10.0**d for d in decades for s in steps if low <= s * 10.0**d <= high]
        if len(found) <= about + 2:
            break
    return found[:: math.ceil(len(found) / (about + 2)) or 1]
