"""A job's Pareto set: the trials that no other beats on accuracy and the named costs."""

from collections.abc import Iterable, Mapping, Sequence

from app.limits import COSTS, cost_limits
from app.records import JobRecord, TeacherRecord, TrialRecord
from app.requests import ConstraintsRequest, CostName


def pareto_set(job: JobRecord, trials: Iterable[TrialRecord]) -> list[TrialRecord]:
    """Returns those of a job's trials that are feasible, completed, and beaten by no other such.

    One beats another that it is no worse than in anything and better than in something. Of equals
    the one of the lowest number is in the set.

    Returns:
        The set by its first cost, the lowest first; without the job's teacher it is empty.
    """
    if job.teacher is None:
        return []
    limits = _limits(job.request.constraints, job.teacher)
    feasible = [trial for trial in trials if _keeps(trial, limits)]
    return _unbeaten(feasible, job.request.objective.pareto_costs)


def _limits(constraints: ConstraintsRequest, teacher: TeacherRecord) -> dict[str, float]:
    """Returns the largest allowed value of each of a trial's figures that has one."""
    of_teacher = {name: int(getattr(teacher, name)) for name in COSTS}
    limits: dict[str, float | None] = {"latency_ms": constraints.latency_ms}
    limits.update(cost_limits(constraints, of_teacher))
    return {name: limit for name, limit in limits.items() if limit is not None}


def _keeps(trial: TrialRecord, limits: Mapping[str, float]) -> bool:
    found = {name: getattr(trial, name) for name in limits}
    return all(found[name] is not None and found[name] <= limits[name] for name in limits)


def _unbeaten(trials: Iterable[TrialRecord], costs: Sequence[CostName]) -> list[TrialRecord]:
    """Returns the completed trials that no other beats, by their costs in the order of these."""
    figures = [
        ((*(getattr(trial, name) for name in costs), -trial.accuracy), trial.number, trial)
        for trial in trials
        if trial.state == "completed" and trial.accuracy is not None
    ]
    kept: list[tuple[tuple[float, ...], TrialRecord]] = []
    # Nothing is beaten by what comes later in this order.
    for found, _, trial in sorted(figures, key=lambda row: row[:2]):
        if not any(_no_worse(other, found) for other, _ in kept):
            kept.append((found, trial))
    return [trial for _, trial in kept]


def _no_worse(one: Sequence[float], other: Sequence[float]) -> bool:
    """Returns whether each of one's figures, of which less is better, is at most the other's."""
    return all(mine <= others for mine, others in zip(one, other, strict=True))
