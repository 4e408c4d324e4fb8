"""Trials whose worker or coordinator was lost: sent again, but not for ever."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from app import trial_losses
from app.lost_attempts import Loss, LostAttempt
from app.problems import FieldError
from app.records import TrialRecord
from workers.metrics import ATTEMPTS_LOST
from workers.problems import TrialFailed
from workers.work import Work

log = logging.getLogger(__name__)

# A trial that its workers die of would kill more of them. One that was lost with its coordinator
# is hardly to blame, unless it is always that one: it is given up before its job would be
# (`progress.MOST_CLAIMS`).
MOST: Mapping[Loss, int] = {"died": 3, "stale": 10}
_OF: Mapping[Loss, str] = {"died": "worker process", "stale": "coordinator or machine"}


def lose_attempt(work: Work, trial: TrialRecord, loss: Loss, detail: str) -> None:
    """Puts on record that a running trial was lost: it is queued again, or has failed by now."""
    ATTEMPTS_LOST.labels(loss).inc()
    lost = LostAttempt(trial.attempts, loss, detail)
    alike = [one for one in (*trial.lost_attempts, lost) if one.loss == loss]
    if len(alike) < MOST[loss]:
        trial_losses.lose_attempt(work.database, work.lease, trial.number, lost)
        log.warning(
            "%s: trial %d is sent again, its attempt %d is %s: %s",
            work.job.id,
            trial.number,
            trial.attempts,
            loss,
            detail,
        )
        return
    evidence = [FieldError("#/evidence", f"attempt {one.number}: {one.detail}") for one in alike]
    words = f"its {_OF[loss]} was lost {len(alike)} times, the last time: {detail}"
    error = TrialFailed(words, evidence)
    trial_losses.lose_attempt(work.database, work.lease, trial.number, lost, error.problem())
    log.warning("%s: trial %d failed: %s", work.job.id, trial.number, error.detail)


def lose_running(work: Work, trials: list[TrialRecord]) -> None:
    """Puts on record that whoever had sent the running trials doesn't hold the job any more."""
    for trial in trials:
        if trial.state == "running":
            lose_attempt(work, trial, "stale", f"lost before the lease {work.lease.fence}")
