"""Results that trials of other jobs had already: of the same teacher, images and recipe.

Weights are copied, so that either job can be deleted.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from app.records import TrialRecord, TrialResult, TrialSource
from app.trials import find_trained
from workers.offering import score_of
from workers.preparation import Prepared
from workers.work import Work

log = logging.getLogger(__name__)


def reuse_results(work: Work, prepared: Prepared, trials: Sequence[TrialRecord]) -> bool:
    """Completes the queued trials that another job has trained; returns whether there was one."""
    queued = {trial.hash: trial for trial in trials if trial.state == "queued"}
    if not queued:
        return False
    with work.database.read() as session:
        found = find_trained(session, work.job.id, prepared.recipe_hash, list(queued))
    before = len(queued)
    for source, known in found:
        trial = queued.get(known.hash)
        if trial is not None and _take_over(work, prepared, trial, source, known):
            del queued[known.hash]
    return len(queued) < before


def _take_over(
    work: Work, prepared: Prepared, trial: TrialRecord, source: TrialSource, known: TrialRecord
) -> bool:
    """Completes a trial by one that was trained, if that one's weights are there and fit."""
    if known.accuracy is None or known.edits != trial.edits:
        return False  # other edits may make an equal structure whose layers have other names
    try:
        weights = work.artifacts.read_bytes(str(known.weights_key))
    except FileNotFoundError:
        return False
    name = f"trials/{trial.number}-{work.lease.fence}-reused.safetensors"
    result = TrialResult(
        accuracy=known.accuracy,
        score=score_of(trial, known.accuracy, prepared.record),
        epochs=known.epochs or 0,
        duration_s=0.0,
        weights_key=work.artifacts.put_bytes(work.key(name), weights).key,
        curve=known.curve,
        criterion=known.criterion,
    )
    work.writer.trial_reused(trial.number, result, source, known.seed)
    log.info(
        "%s: trial %d is trial %d of %s: accuracy %.4f, score %.4f",
        work.job.id,
        trial.number,
        source.trial,
        source.job,
        result.accuracy,
        result.score,
    )
    return True
