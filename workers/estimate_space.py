"""What a space of students holds, before any is trained: groups, sizes, and how they spread."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from networks import Candidates, Costs, Space

DRAWN = 2000  # a share of the space is then known to about a hundredth
BINS = 24
COUNTED = ("params", "macs", "bytes", "activations")
SIZES = ("smallest", "median", "largest")


@dataclass(frozen=True)
class Survey:
    """Random candidates of a space with their exact costs, and three students that stand for it.

    Attributes:
        space: Of all students.
        drawn: What the search draws its candidates by: `n` of them, all sizes.
        costs: Of the drawn, each `n`.
    """

    space: Space
    drawn: Candidates
    costs: Costs

    @classmethod
    def of(cls, space: Space, seed: int, n: int = DRAWN) -> Survey:
        """Returns the survey of `n` draws."""
        drawn = space.sample(n, torch.Generator().manual_seed(seed))
        return cls(space, drawn, space.costs(drawn))

    @cached_property
    def teacher(self) -> dict[str, int]:
        """What the teacher costs, by name."""
        return figures(self.space.costs(self.space.teacher()))

    @cached_property
    def students(self) -> dict[str, Candidates]:
        """The smallest student there is, and of the drawn the median and the largest by parameters.

        Others of the drawn may have more of something else, where the histograms end. The teacher
        itself is no student, unless nothing else was drawn.
        """
        order = self.costs.params.argsort(stable=True)
        smaller = order[self.costs.params[order] < self.teacher["params"]]
        order = smaller if len(smaller) else order
        return {
            "smallest": self.space.smallest(),
            "median": self.drawn[order[len(order) // 2][None]],
            "largest": self.drawn[order[-1][None]],
        }

    def described(self, candidate: Candidates) -> dict[str, float]:
        """Returns one student's costs, and parameters and MACs as ratios to the teacher's."""
        found = figures(self.space.costs(candidate))
        ratios = {f"{name}_ratio": found[name] / self.teacher[name] for name in ("params", "macs")}
        return {**found, **ratios}


def figures(costs: Costs) -> dict[str, int]:
    """Returns one candidate's costs by name."""
    return {name: int(getattr(costs, name)[0]) for name in COUNTED}


def group_rows(space: Space) -> list[dict[str, object]]:
    """Returns each channel group that can shrink: its name, its units, and its layer's channels.

    The layer is the one that names it. A unit has several channels where these must be kept or
    dropped together. Of a group that the rounding of widths leaves with one width nothing is told.
    """
    rows: list[dict[str, object]] = []
    for group, step in zip(space.groups, space.steps.tolist(), strict=True):
        if step >= group.units:
            continue
        units = space.channels.outputs.get(group.name.partition("#")[0])
        channels = group.units
        if units is not None:
            last = group.first_unit + group.units
            inside = (units >= group.first_unit) & (units < last)
            channels = max(int(inside.sum()), group.units)
        rows.append({"name": group.name, "units": group.units, "channels": channels})
    return rows


def histogram(values: Tensor, kept: Tensor) -> dict[str, object]:
    """Returns how many of `n` positive values fall between logarithmic edges.

    Args:
        values: float `n`.
        kept: bool `n`: those that keep the constraints are counted again, on their own.

    Returns:
        `edges` (one more than there are bins), `counts` and `kept`.
    """
    low, high = float(values.min()), float(values.max())
    high = high if high > low else low * 1.01
    edges = torch.logspace(math.log10(low), math.log10(high), BINS + 1, dtype=torch.float64)
    bins = torch.bucketize(values.double(), edges[1:-1], right=True)
    return {
        "edges": edges.tolist(),
        "counts": torch.bincount(bins, minlength=BINS).tolist(),
        "kept": torch.bincount(bins[kept], minlength=BINS).tolist(),
    }


def histograms(
    survey: Survey, kept: Tensor, latency_ms: Tensor | None
) -> Mapping[str, dict[str, object]]:
    """Returns the distributions of the drawn: parameters and MACs to the teacher's, latency.

    Args:
        survey: What was drawn, `n` candidates.
        kept: Which of them keep the constraints, bool `n`.
        latency_ms: What they are predicted to take, float `n`, where anything was measured.
    """
    found = {
        f"{name}_ratio": histogram(getattr(survey.costs, name) / survey.teacher[name], kept)
        for name in ("params", "macs")
    }
    if latency_ms is not None:
        found["latency_ms"] = histogram(latency_ms, kept)
    return found
