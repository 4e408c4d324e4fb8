"""How a job came to a student, as its records tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.limits import COSTS, cost_limits
from app.records import JobRecord, TeacherRecord, TrialRecord, TrialState


@dataclass(frozen=True)
class StoryTrial:
    """A trial of the search.

    Attributes:
        number: within the job.
        state: as on record.
        costs: parameters, MACs and bytes by name.
        accuracy: on validation; None unless it was completed.
        value: what the objective makes of it; None as well.
        curve: accuracies on validation after its epochs, as far as they are on record.
        reused: whether its result is another job's.
    """

    number: int
    state: TrialState
    costs: Mapping[str, int]
    accuracy: float | None
    value: float | None
    curve: tuple[float, ...]
    reused: bool


@dataclass(frozen=True)
class Story:
    """A job's search, and one student's final training.

    Attributes:
        name: the job's.
        objective: its kind.
        costs: the names of those that matter to the job most.
        limits: the largest allowed values of costs, and of `latency_ms`, by name.
        trials: by their numbers.
        final_curve: accuracies on validation after the epochs of the final training, as far as
            they are on record.
    """

    name: str
    objective: str
    costs: tuple[str, ...]
    limits: Mapping[str, float]
    trials: tuple[StoryTrial, ...]
    final_curve: tuple[float, ...] = ()


def story_of(
    job: JobRecord,
    teacher: TeacherRecord,
    trials: Sequence[TrialRecord],
    final_curve: Sequence[float] = (),
) -> Story:
    """Returns the story of a job's student."""
    objective = job.request.objective
    limits = _limits(job, teacher)
    limited = [name for name in COSTS if name in limits]
    return Story(
        name=job.request.name,
        objective=objective.kind,
        costs=objective.costs or tuple(limited[:1]) or ("params",),
        limits=limits,
        trials=tuple(_trial(trial, objective.kind) for trial in trials),
        final_curve=tuple(final_curve),
    )


def _limits(job: JobRecord, teacher: TeacherRecord) -> dict[str, float]:
    constraints = job.request.constraints
    limits: dict[str, float | None] = {"latency_ms": constraints.latency_ms}
    limits.update(cost_limits(constraints, {name: getattr(teacher, name) for name in COSTS}))
    return {name: limit for name, limit in limits.items() if limit is not None}


def _trial(trial: TrialRecord, objective: str) -> StoryTrial:
    return StoryTrial(
        number=trial.number,
        state=trial.state,
        costs={name: getattr(trial, name) for name in COSTS},
        accuracy=trial.accuracy,
        value=trial.accuracy if objective == "accuracy" else trial.score,
        curve=trial.curve or (),
        reused=trial.reused_from is not None,
    )
