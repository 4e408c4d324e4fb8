"""Loops are timed in turn, round after round, so that a busy machine slows all of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.train.loops import Loop

Clock = Callable[[], float]
CLOCKS: Mapping[str, Clock] = {"wall": time.perf_counter, "cpu": time.process_time}


@dataclass(frozen=True)
class Mean:
    """A mean and its standard error over `n` rounds."""

    mean: float
    error: float
    n: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Mean:
        """Returns the mean of two values or more."""
        error = statistics.stdev(values) / len(values) ** 0.5
        return cls(statistics.fmean(values), error, len(values))

    def __str__(self) -> str:
        return f"{self.mean:.3g} ± {self.error:.2g}"


Speeds = Mapping[str, Mapping[str, list[float]]]
"""Images a second by clock, by loop, in each round."""


def interleave(loops: Mapping[str, Loop], rounds: int) -> Speeds:
    """Runs each loop once to warm up, then all of them in turn; returns images a second."""
    for loop in loops.values():
        loop()
    speeds: dict[str, dict[str, list[float]]] = {
        clock: {name: [] for name in loops} for clock in CLOCKS
    }
    for _ in range(rounds):
        for name, loop in loops.items():
            before = {clock: read() for clock, read in CLOCKS.items()}
            images = loop()
            for clock, read in CLOCKS.items():
                speeds[clock][name].append(images / (read() - before[clock]))
    return speeds


def ratio(speeds: Mapping[str, Sequence[float]], first: str, second: str) -> Mean:
    """Returns the mean of the rounds' ratios of one loop's speed to another's."""
    return Mean.of([a / b for a, b in zip(speeds[first], speeds[second], strict=True)])
