"""A job's Pareto set: the trials that no other beats on accuracy and the named costs."""

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter, itemgetter, le
from typing import Protocol, TypeVar

from app.limits import COSTS, cost_limits
from app.records import JobRecord, TeacherRecord, TrialState
from app.requests import ConstraintsRequest, CostName


class Figures(Protocol):
    """What a trial costs and is worth: a whole record, or these alone."""

    @property
    def number(self) -> int:
        """Its number within the job."""

    @property
    def state(self) -> TrialState:
        """Whether it has completed."""

    @property
    def accuracy(self) -> float | None:
        """On validation, from 0 to 1."""


T = TypeVar("T", bound=Figures)


def pareto_set(job: JobRecord, trials: Iterable[T]) -> list[T]:
    """Returns those of a job's trials that are feasible, completed, and beaten by no other such.

    One beats another that it is no worse than in anything and better than in something. Of equals
    the one of the lowest number is in the set.

    Returns:
        The set by its first cost, the lowest first; without the job's teacher it is empty.
    """
    if job.teacher is None:
        return []
    limits = _limits(job.request.constraints, job.teacher)
    feasible = [trial for trial in trials if _keeps(trial, limits)] if limits else trials
    return _unbeaten(feasible, job.request.objective.pareto_costs)


def _limits(constraints: ConstraintsRequest, teacher: TeacherRecord) -> dict[str, float]:
    """Returns the largest allowed value of each of a trial's figures that has one."""
    of_teacher = {name: int(getattr(teacher, name)) for name in COSTS}
    limits: dict[str, float | None] = {"latency_ms": constraints.latency_ms}
    limits.update(cost_limits(constraints, of_teacher))
    return {name: limit for name, limit in limits.items() if limit is not None}


def _keeps(trial: Figures, limits: Mapping[str, float]) -> bool:
    found = {name: getattr(trial, name) for name in limits}
    return all(found[name] is not None and found[name] <= limits[name] for name in limits)


def _unbeaten(trials: Iterable[T], costs: Sequence[CostName]) -> list[T]:
    """Returns the completed trials that no other beats, by their costs in the order of these."""
    costs_of = attrgetter(*costs, "number")  # of several names: a tuple
    figures = [
        ((*costs_of(trial)[:-1], -trial.accuracy), trial.number, trial)
        for trial in trials
        if trial.state == "completed" and trial.accuracy is not None
    ]
    kept: list[tuple[float, ...]] = []
    chosen: list[T] = []
    # Nothing is beaten by what comes later in this order, and most of it by what was kept last.
    for found, _, trial in sorted(figures, key=itemgetter(0, 1)):
        if not any(all(map(le, other, found)) for other in reversed(kept)):
            kept.append(found)
            chosen.append(trial)
    return chosen
