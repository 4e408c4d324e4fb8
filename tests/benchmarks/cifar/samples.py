"""Runs as they might have gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from benchmarks.cifar.runs import Ended, Final, Run

PRECISION = {"dtype": "float32", "layout": "contiguous", "device": "cpu", "teacher_threads": 1}
SINCE = {"preparing": 0.5, "searching": 20.0, "finishing": 120.0, "reading the test split": 140.0}


def final(trial: int = 0, score: float = 0.9, test_accuracy: float = 0.7) -> Final:
    return Final(trial, score, 0.75, test_accuracy, 60_000, 0.22, 15_000_000, 0.375)


def run(
    seed: int,
    method: str,
    scores: Sequence[float | None],
    every_s: float = 10.0,
    **changes: Any,  # noqa: ANN401
) -> Run:
    """A search that began after 20 s and whose trials end `every_s` seconds after one another."""
    began = SINCE["searching"]
    trials = tuple(
        Ended(n, "completed" if x else "stopped", began + every_s * (n + 1), x, 50_000 + n, 8.0 + n)
        for n, x in enumerate(scores)
    )
    teacher = {"validation": 0.75, "test": 0.72, "precision": PRECISION}
    made = Run(seed, method, "s", "c0de", 4, None, SINCE, 160.0, 12.0, trials, final(), teacher)
    return replace(made, **changes)
