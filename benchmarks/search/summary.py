"""What the runs of one table and task amount to: regret, evaluations to the target, p-values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import wilcoxon

from benchmarks.search.regret import best_value, found, given, to_target
from benchmarks.search.runs import Run
from benchmarks.search.tasks import Task
from benchmarks.tables import Table

CHECKPOINTS = (8, 16, 24, 32, 48, 80)
OURS = "ours"


@dataclass(frozen=True)
class MethodSummary:
    """One search's runs, by seed in rising order.

    Attributes:
        found: Regret of the best row evaluated so far: seeds x evaluations.
        given: Regret of what a user would be given: seeds x evaluations.
        to_target: Evaluations until the regret was at the target, one more than there were where
            it never was: a value a seed.
        propose_s: Mean seconds of proposing per evaluation.
    """

    seeds: tuple[int, ...]
    found: np.ndarray
    given: np.ndarray
    to_target: np.ndarray
    propose_s: float

    @classmethod
    def of(cls, table: Table, task: Task, runs: Sequence[Run], evaluations: int) -> MethodSummary:
        """Returns the summary of one search's runs of one table and task."""
        best = best_value(table, task)
        runs = sorted(runs, key=lambda x: x.seed)
        regrets = [found(table, task, x.rows, best) for x in runs]
        reached = [to_target(x) for x in regrets]
        users = [given(table, task, x.rows, x.observed, best) for x in runs]
        return cls(
            tuple(x.seed for x in runs),
            _padded(regrets, evaluations),
            _padded(users, evaluations),
            np.array([evaluations + 1 if x is None else x for x in reached]),
            float(np.mean([sum(x.propose_s) / len(x.rows) for x in runs])),
        )

    def regret_at(self, evaluations: int) -> tuple[float, float]:
        """Returns the mean found regret after some evaluations, and its standard error."""
        values = self.found[:, evaluations - 1]
        error = values.std(ddof=1) / len(values) ** 0.5 if len(values) > 1 else float("nan")
        return float(values.mean()), float(error)

    def quartiles(self) -> tuple[float, float, float]:
        """Returns the quartiles of the evaluations to the target."""
        low, median, high = np.percentile(self.to_target, [25, 50, 75])
        return float(low), float(median), float(high)

    @property
    def is_cut(self) -> bool:
        """Whether the median of the evaluations to the target is more than there were."""
        upper = np.sort(self.to_target)[len(self.to_target) // 2]
        return bool(upper > self.found.shape[1])

    def to_json(self) -> dict[str, object]:
        """Returns the object of the `RESULT` line."""
        low, median, high = self.quartiles()
        steps = [x for x in CHECKPOINTS if x <= self.found.shape[1]]
        return {
            "seeds": len(self.seeds),
            "to_target_median": median,
            "to_target_quartiles": [low, high],
            "to_target_mean": float(self.to_target.mean()),
            "reached": int((self.to_target <= self.found.shape[1]).sum()),
            "regret": {str(x): self.regret_at(x)[0] for x in steps},
            "regret_standard_error": {
                str(x): self.regret_at(x)[1] if len(self.seeds) > 1 else None for x in steps
            },
            "given_regret": {str(x): float(self.given[:, x - 1].mean()) for x in steps},
            "propose_s": self.propose_s,
        }


@dataclass(frozen=True)
class Comparison:
    """Ours against the best peer.

    Attributes:
        best_peer: The peer of the lowest median of evaluations to the target; of equal ones the
            one of the lowest mean, and of these the one of the least regret in all. One that lacks
            seeds that ours has is only taken where all do.
        ratio: Our median over its median; none where neither half of the runs reached the target.
        ratio_is: Whether that is the ratio or a bound of it: where less than half of the runs of
            one reached the target, its median is only known to be more than the evaluations.
        p_to_target: Two-sided Wilcoxon test of the evaluations to the target, paired by seed.
        p_area: The same of the area under the regret.
    """

    best_peer: str
    ratio: float | None
    ratio_is: Literal["exact", "at most", "at least"] | None
    p_to_target: float | None
    p_area: float | None


def compare(methods: Mapping[str, MethodSummary], peers: Sequence[str]) -> Comparison | None:
    """Returns how ours does against the best of the peers; none without a peer."""
    ranked = [x for x in peers if x in methods]
    if not ranked:
        return None
    if OURS in methods:
        seeds = set(methods[OURS].seeds)
        ranked = [x for x in ranked if seeds <= set(methods[x].seeds)] or ranked
    best = min(ranked, key=lambda x: _rank(methods[x]))
    if OURS not in methods:
        return Comparison(best, None, None, None, None)
    ours, peer = methods[OURS], methods[best]
    both = sorted(set(ours.seeds) & set(peer.seeds))
    mine = [ours.seeds.index(x) for x in both]
    theirs = [peer.seeds.index(x) for x in both]
    return Comparison(
        best,
        *ratio(ours, peer),
        paired_p(ours.to_target[mine], peer.to_target[theirs]),
        paired_p(ours.found[mine].sum(1), peer.found[theirs].sum(1)),
    )


def _rank(method: MethodSummary) -> tuple[float, float, float]:
    return method.quartiles()[1], float(method.to_target.mean()), float(method.found.sum())


def ratio(
    ours: MethodSummary, peer: MethodSummary
) -> tuple[float | None, Literal["exact", "at most", "at least"] | None]:
    """Returns `Comparison.ratio` and what it is."""
    medians = ours.quartiles()[1] / peer.quartiles()[1]
    if ours.is_cut and peer.is_cut:
        return None, None
    if ours.is_cut:
        return medians, "at least"
    return medians, "at most" if peer.is_cut else "exact"


def paired_p(a: np.ndarray, b: np.ndarray) -> float | None:
    """Returns the two-sided p-value of Wilcoxon's test of pairs; none of fewer than two pairs.

    Pairs that are all equal differ by nothing: 1.
    """
    if len(a) < 2:
        return None
    if np.allclose(a, b, rtol=0, atol=1e-12):
        return 1.0
    return float(wilcoxon(a, b).pvalue)


def _padded(regrets: Sequence[Sequence[float]], evaluations: int) -> np.ndarray:
    """Returns them as an array; a search that evaluated all there was keeps its last regret."""
    return np.array([[*x, *[x[-1]] * (evaluations - len(x))] for x in regrets])
