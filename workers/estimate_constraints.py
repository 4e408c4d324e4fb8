"""Whether any student keeps a request's constraints, and which comes nearest if none does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from app.limits import COSTS
from app.requests import ConstraintsRequest, JobRequest
from networks import Candidates, Space, narrowest
from workers.constraints import expect_feasible, limits_of
from workers.estimate_forecast import Forecast
from workers.estimate_space import Survey
from workers.problems import InfeasibleConstraints

# Of a walk from what was drawn to the least overshoot: 24 steps of 256 mutations take half a second
# for DenseNet-121.
STEPS = 24
PARENTS = 32
CHILDREN = 8

Latency = Callable[[Candidates], Tensor]
"""Milliseconds of `n` candidates: float64 `n`."""


@dataclass(frozen=True)
class Verdict:
    """What is known of the constraints.

    Attributes:
        limits: The inclusive maxima, by cost; a ratio counts as what it is of the teacher's.
        kept: Which of the drawn candidates keep them, bool `n`.
        feasible: Whether any student does; None where the latencies known leave that open.
        nearest: The student that comes nearest to keeping them, where none does.
        errors: For each field that it breaks, where and what it has.
        unjudged: The limits of which nothing is known, by name: `kept` leaves them out.
    """

    limits: Mapping[str, float]
    kept: Tensor
    feasible: bool | None
    nearest: Candidates | None = None
    errors: tuple[dict[str, str], ...] = ()
    unjudged: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """The share of the drawn candidates that keep the constraints."""
        return float(self.kept.double().mean())


def verdict_of(survey: Survey, request: JobRequest, forecast: Forecast) -> Verdict:
    """Returns whether a job's constraints can be met: of `adapruner` as its job sees it.

    Its network changes widths alone, so that others that keep them are no help.

    Args:
        survey: What was drawn.
        request: The job's.
        forecast: What is known of latencies.
    """
    verdict = judge(survey, request.constraints, forecast, request.search.seed)
    if request.search.strategy != "adapruner":
        return verdict
    try:
        expect_feasible(survey.space, request)
    except InfeasibleConstraints as error:
        return replace(
            verdict,
            kept=torch.zeros_like(verdict.kept),
            feasible=False,
            nearest=narrowest(survey.space),
            errors=tuple({"pointer": x.pointer, "detail": x.detail} for x in error.errors),
        )
    return replace(verdict, feasible=True, nearest=None, errors=())


def judge(
    survey: Survey, constraints: ConstraintsRequest, forecast: Forecast, seed: int
) -> Verdict:
    """Returns whether the constraints can be met, and the nearest that can if not.

    Latency decides only as far as it is known: a limit between what students take at least and at
    most leaves the question open.

    Args:
        survey: What was drawn.
        constraints: What is asked for.
        forecast: What is known of latencies.
        seed: Of the walk.
    """
    limits = _limits(survey, constraints)
    walk = _Walk(survey.space, limits, forecast)
    kept = walk.overshoot(survey.drawn, forecast.ms) <= 1
    unknown = "latency_ms" in limits and forecast.predictor is None
    unjudged = ("latency_ms",) if unknown else ()
    pool = Candidates.cat([survey.space.smallest(), survey.drawn])
    if walk.any_kept(pool):
        return Verdict(limits, kept, feasible=True, unjudged=unjudged)
    nearest = walk.nearest(pool, torch.Generator().manual_seed(seed))
    if walk.any_kept(nearest):
        return Verdict(limits, kept, feasible=True, unjudged=unjudged)
    if float(walk.overshoot(nearest, forecast.least_ms)) <= 1:
        return Verdict(limits, kept, feasible=None, unjudged=unjudged)
    errors = tuple(_broken(survey, constraints, walk.costs(nearest, forecast.ms)))
    return Verdict(limits, kept, feasible=False, nearest=nearest, errors=errors, unjudged=unjudged)


def _limits(survey: Survey, constraints: ConstraintsRequest) -> dict[str, float]:
    absolute = limits_of(constraints, survey.teacher)
    found = {name: getattr(absolute, name) for name in COSTS}
    found["latency_ms"] = constraints.latency_ms
    return {name: float(limit) for name, limit in found.items() if limit is not None}


@dataclass(frozen=True)
class _Walk:
    """Looks for the student with the least overshoot: its worst cost, as a share of the limit."""

    space: Space
    limits: Mapping[str, float]
    forecast: Forecast

    def costs(self, candidates: Candidates, latency: Latency) -> dict[str, Tensor]:
        """Returns what the limits are of, each `n`."""
        costs = self.space.costs(candidates)
        found = {name: getattr(costs, name).double() for name in COSTS}
        if "latency_ms" in self.limits:
            found["latency_ms"] = latency(candidates)
        return found

    def overshoot(self, candidates: Candidates, latency: Latency) -> Tensor:
        """Returns the largest share of a limit that each takes up, `n`; 0 without limits."""
        costs = self.costs(candidates, latency)
        shares = [costs[name] / max(limit, 1e-12) for name, limit in self.limits.items()]
        if not shares:
            return torch.zeros(len(candidates), dtype=torch.float64)
        return torch.stack(shares).amax(dim=0)

    def any_kept(self, candidates: Candidates) -> bool:
        """Returns whether one keeps the limits for sure, as far as latencies are known."""
        return bool((self.overshoot(candidates, self.forecast.most_ms) <= 1).any())

    def nearest(self, pool: Candidates, generator: torch.Generator) -> Candidates:
        """Returns the best one of a walk from a pool."""
        best = pool[:1]
        for _ in range(STEPS):
            over = self.overshoot(pool, self.forecast.ms)
            order = over.argsort(stable=True)[:PARENTS]
            best = pool[order]
            if self.any_kept(best) or (self.forecast.predictor is None and over[order[0]] <= 1):
                break
            parents = Candidates.cat([best] * CHILDREN)
            pool = Candidates.cat([best, self.space.mutate(parents, generator)])
        return best[:1]


def _broken(
    survey: Survey, constraints: ConstraintsRequest, nearest: Mapping[str, Tensor]
) -> list[dict[str, str]]:
    """Returns an error for each constraint that the nearest student doesn't keep."""
    errors = []
    for name, cost in nearest.items():
        value = float(cost)
        if name == "latency_ms":
            told, pairs = f"{value:.3g} ms", [(name, value)]
        else:
            ratio = value / survey.teacher[name]
            told = f"{value:,.0f} {name}, {ratio:.4%} of the teacher's"
            pairs = [(name, value), (f"{name}_ratio", ratio)]
        for field, found in pairs:
            limit = getattr(constraints, field)
            if limit is not None and found > limit:
                detail = f"the nearest student has {told}"
                errors.append({"pointer": f"#/constraints/{field}", "detail": detail})
    return errors
