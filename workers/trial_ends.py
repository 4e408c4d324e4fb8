"""The end of a trial, put on record: its result, that it was hopeless, or why it failed."""

from __future__ import annotations

import logging

from app.problems import FieldError
from app.records import TeacherRecord, TrialRecord, TrialResult
from workers.offering import score_of
from workers.pool import Failure
from workers.problems import TrialFailed
from workers.trial import TrialOutcome
from workers.work import Work

log = logging.getLogger(__name__)


def end_trial(
    work: Work, teacher: TeacherRecord, trial: TrialRecord, outcome: TrialOutcome
) -> None:
    """Puts on record what a trial's training came to; raises `LeaseLost` if that may not be."""
    if outcome.resumed_after:
        words = "%s: trial %d went on after epoch %d, which an earlier attempt had kept"
        log.info(words, work.job.id, trial.number, outcome.resumed_after)
    if outcome.stopped:
        _stop(work, trial, outcome)
    else:
        _complete(work, teacher, trial, outcome)


def fail_trial(work: Work, trial: TrialRecord, failure: Failure) -> None:
    """Puts on record that a trial failed, and why; raises `LeaseLost` if that may not be."""
    log.warning("%s: trial %d failed: %s", work.job.id, trial.number, failure.evidence)
    error = TrialFailed(
        f"{failure.kind}: {failure.detail}", [FieldError("#/evidence", failure.evidence)]
    )
    work.writer.trial_failed(trial.number, error.problem())


def _stop(work: Work, trial: TrialRecord, outcome: TrialOutcome) -> None:
    work.writer.trial_stopped(trial.number, outcome.curve, outcome.duration_s, outcome.criterion)
    log.info(
        "%s: trial %d stopped after epoch %d of accuracy %.4f: %.4f is likely in the end",
        work.job.id,
        trial.number,
        outcome.epochs,
        outcome.curve[-1],
        outcome.accuracy,
    )


def _complete(
    work: Work, teacher: TeacherRecord, trial: TrialRecord, outcome: TrialOutcome
) -> None:
    score = score_of(trial, outcome.accuracy, teacher)
    name = f"trials/{trial.number}-{work.lease.fence}-{trial.attempts}.safetensors"
    stored = work.artifacts.put_bytes(work.key(name), outcome.weights)
    result = TrialResult(
        accuracy=outcome.accuracy,
        score=score,
        epochs=outcome.epochs,
        duration_s=outcome.duration_s,
        weights_key=stored.key,
        curve=outcome.curve,
        criterion=outcome.criterion,
    )
    work.writer.trial_completed(trial.number, result)
    log.info(
        "%s: trial %d: accuracy %.4f, score %.4f, %d parameters, %.1f s",
        work.job.id,
        trial.number,
        outcome.accuracy,
        score,
        trial.params,
        outcome.duration_s,
    )
