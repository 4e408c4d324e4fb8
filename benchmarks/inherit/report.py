"""Means with their standard errors over students, by criterion, ratio and epochs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.inherit.rows import Row
from networks.importance import CRITERIA
from workers.inheriting import choose

ADAPTIVE = "adaptive"
AS_SLICED = "l1, statistics as sliced"
ARMS = (ADAPTIVE, *CRITERIA, AS_SLICED)


class Cell(NamedTuple):
    """A mean over `n` students and its standard error; no number where `n` is too small."""

    mean: float
    error: float
    n: int

    def to_json(self) -> dict[str, float | int | None]:
        """Returns the cell rounded; `None` for what is no number."""
        mean, error = (None if math.isnan(x) else round(x, 4) for x in self[:2])
        return {"mean": mean, "se": error, "n": self.n}


Accuracies = Mapping[tuple[int, str], float]
"""By candidate and arm."""


def accuracies(rows: Iterable[Row], ratio: float, epochs: int) -> Accuracies:
    """Returns the accuracies after so many epochs of the students drawn for a ratio."""
    found: dict[tuple[int, str], float] = {}
    tried: dict[int, dict[tuple[str, ...], float]] = {}
    rows = [row for row in rows if row.ratio == ratio]
    for row in rows:
        if row.seen is not None:
            tried.setdefault(row.candidate, {})[row.criteria] = row.seen
    for row in rows:
        if (accuracy := row.accuracy.get(str(epochs))) is None:
            continue
        if not row.recomputed:
            found[row.candidate, AS_SLICED] = accuracy
            continue
        for criterion in row.criteria:
            found[row.candidate, criterion] = accuracy
        if row.criteria == chosen(tried[row.candidate], row.seen_on):
            found[row.candidate, ADAPTIVE] = accuracy
    return found


def chosen(seen: Mapping[tuple[str, ...], float], images: int) -> tuple[str, ...]:
    """Returns the criteria of the choice that `workers.inheriting` takes."""
    order = [str(criterion) for criterion in CRITERIA]
    tried = sorted(seen, key=lambda criteria: order.index(criteria[0]))
    return tried[choose([seen[x] for x in tried], images)]


def means(found: Accuracies) -> dict[str, Cell]:
    """Returns each arm's mean over the students that it has."""
    return {arm: cell([x for (_, each), x in found.items() if each == arm]) for arm in ARMS}


def gains(found: Accuracies) -> dict[str, Cell]:
    """Returns by how much `adaptive` exceeds each other arm on the students that both have."""
    return {
        arm: cell(
            [
                found[candidate, ADAPTIVE] - accuracy
                for (candidate, each), accuracy in found.items()
                if each == arm and (candidate, ADAPTIVE) in found
            ]
        )
        for arm in ARMS[1:]
    }


def cell(values: Sequence[float]) -> Cell:
    """Returns the mean and its standard error, NaN where there are too few values."""
    n = len(values)
    mean = float(np.mean(values)) if n else math.nan
    error = float(np.std(values, ddof=1)) / math.sqrt(n) if n > 1 else math.nan
    return Cell(mean, error, n)


def table(title: str, columns: Mapping[str, Mapping[str, Cell]]) -> str:
    """Returns a Markdown table with an arm a row."""
    lines = [f"| {title} | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for arm in ARMS:
        cells = [_text(column[arm]) if arm in column else "" for column in columns.values()]
        lines.append(f"| {arm} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _text(value: Cell) -> str:
    if value.n == 0:
        return "–"
    error = "" if math.isnan(value.error) else f" ± {value.error:.3f}"
    return f"{value.mean:.3f}{error} ({value.n})"


class Report:
    """All rows of one comparison, put together.

    Args:
        rows: of it.
        epochs: of distillation.
    """

    def __init__(self, rows: Sequence[Row], epochs: int) -> None:
        self._rows, self._epochs = rows, epochs
        self._ratios = sorted({row.ratio for row in rows}, reverse=True)

    def text(self) -> str:
        """Returns Markdown tables of accuracies, mean ± standard error (students)."""
        parts = [
            table(f"{epochs} epochs", self._columns(means, epochs)) for epochs in self._measured()
        ]
        exceeds = self._columns(gains, self._epochs)
        parts.append(table(f"adaptive exceeds, {self._epochs} epochs", exceeds))
        return "\n\n".join(parts)

    def result(self) -> dict[str, object]:
        """Returns the figures of the `RESULT` line."""
        chosen_s = {(row.ratio, row.candidate): row.choose_s for row in self._rows}
        trained = [row for row in self._rows if row.train_s > 0]
        return {
            "benchmark": "inherit",
            "epochs": self._epochs,
            "choose_s": cell(list(chosen_s.values())).to_json(),
            "train_s": cell([row.train_s for row in trained]).to_json(),
            "choose_share": cell([row.choose_s / row.train_s for row in trained]).to_json(),
            "accuracy": {
                f"{ratio:g}": {
                    str(epochs): _json(means(self._found(ratio, epochs)))
                    for epochs in self._measured()
                }
                for ratio in self._ratios
            },
            "adaptive_exceeds": {
                f"{ratio:g}": _json(gains(self._found(ratio, self._epochs)))
                for ratio in self._ratios
            },
        }

    def _columns(
        self, told: Callable[[Accuracies], dict[str, Cell]], epochs: int
    ) -> dict[str, dict[str, Cell]]:
        return {f"{ratio:g} MACs": told(self._found(ratio, epochs)) for ratio in self._ratios}

    def _measured(self) -> list[int]:
        return sorted({0, 1, self._epochs})

    def _found(self, ratio: float, epochs: int) -> Accuracies:
        return accuracies(self._rows, ratio, epochs)


def _json(cells: Mapping[str, Cell]) -> dict[str, object]:
    return {arm: value.to_json() for arm, value in cells.items() if value.n}
