"""When a trial is hopeless: it will hardly beat the best one that there is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.records import JobRecord, TeacherRecord, TrialRecord
from embedding import score
from workers.curves import Curve, forecast

CHANCE = 0.05  # of beating the incumbent; with less a trial is stopped


@dataclass(frozen=True)
class Stopping:
    """What a worker decides by after each epoch: all that was known when the trial was sent.

    Attributes:
        finished: curves of the job's earlier trials that completed.
        needed: the accuracy that beats the incumbents.
    """

    finished: tuple[tuple[float, ...], ...]
    needed: float

    def hopeless(self, curve: Curve) -> float | None:
        """Returns the accuracy that a hopeless trial would have come to; None if there is hope."""
        found = forecast(curve, self.finished)
        if found is None or found.chance_above(self.needed) >= CHANCE:
            return None
        return found.accuracy


def stopping_of(
    job: JobRecord, teacher: TeacherRecord, trials: Sequence[TrialRecord], trial: TrialRecord
) -> Stopping | None:
    """Returns by what a trial is stopped; None if it never is.

    Args:
        job: whose trial it is.
        teacher: the job's.
        trials: all of the job's.
        trial: the one that is to be trained.
    """
    if job.request.search.stopping == "none":
        return None
    needed = _needed(job, teacher, trials, trial)
    return None if needed is None else Stopping(_finished(trials), needed)


def likely_accuracy(trials: Sequence[TrialRecord], trial: TrialRecord) -> float | None:
    """Returns the accuracy that a trial has, or would have come to had it not been stopped.

    Args:
        trials: all of its job.
        trial: one of them that has ended.

    Returns:
        A fraction; None of one that failed.
    """
    if trial.state != "stopped" or trial.curve is None:
        return trial.accuracy
    found = forecast(trial.curve, _finished(trials))
    return None if found is None else found.accuracy


def _finished(trials: Sequence[TrialRecord]) -> tuple[tuple[float, ...], ...]:
    """Returns the curves of the completed trials."""
    return tuple(t.curve for t in trials if t.state == "completed" and t.curve is not None)


def _needed(
    job: JobRecord, teacher: TeacherRecord, trials: Sequence[TrialRecord], trial: TrialRecord
) -> float | None:
    """Returns the accuracy above which the trial beats an incumbent; None if there are too few.

    The incumbents are those that would be trained on to the end; of a Pareto set, those that cost
    no more: one of them beats the trial unless it is more accurate than all.
    """
    known = [(t, t.accuracy) for t in trials if t.state == "completed" and t.accuracy is not None]
    kind = job.request.objective.kind
    if kind == "pareto":
        costs = job.request.objective.pareto_costs
        known = [
            (t, accuracy)
            for t, accuracy in known
            if all(getattr(t, cost) <= getattr(trial, cost) for cost in costs)
        ]
    places = 1 if kind == "pareto" else job.request.training.final_students
    if len(known) < places:
        return None
    if kind != "score":
        return sorted(accuracy for _, accuracy in known)[-places]
    values = sorted(score(t.params, a, teacher.params, teacher.accuracy) for t, a in known)
    worth = score(trial.params, 1.0, teacher.params, teacher.accuracy)  # of each accuracy: affine
    return values[-places] / worth if worth > 0 else math.inf
