"""The repository of trials; only a coordinator writes them (`app.job_writer`)."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.lost_attempts import LostAttempt
from app.pages import Page, cut, decode_number
from app.records import TrialRecord, TrialSource
from app.tables import Trial


def list_trials(session: Session, job_id: str) -> list[TrialRecord]:
    """Returns all trials of a job by their number."""
    query = select(Trial).where(Trial.job_id == job_id).order_by(Trial.number)
    return [_record(row) for row in session.scalars(query)]


def page_of_trials(
    session: Session, job_id: str, limit: int, cursor: str | None
) -> Page[TrialRecord]:
    """Returns a page of a job's trials by their number; raises `Invalid` for a strange cursor."""
    query = select(Trial).where(Trial.job_id == job_id).order_by(Trial.number).limit(limit + 1)
    if cursor is not None:
        query = query.where(Trial.number > decode_number(cursor))
    found = [_record(row) for row in session.scalars(query)]
    return cut(found, limit, lambda trial: [trial.number])


def find_trained(
    session: Session, job_id: str, recipe_hash: str, hashes: Collection[str]
) -> list[tuple[TrialSource, TrialRecord]]:
    """Returns completed trials of other jobs by a recipe, those that ended first at first.

    Args:
        session: of the database.
        job_id: the job that asks; its own trials are left out.
        recipe_hash: the recipe's.
        hashes: of the candidates that are looked for.
    """
    query = (
        select(Trial)
        .where(Trial.recipe_hash == recipe_hash, Trial.hash.in_(hashes))
        .where(Trial.state == "completed", Trial.job_id != job_id)
        .order_by(Trial.finished_at, Trial.job_id, Trial.number)
    )
    rows = session.scalars(query)
    return [(TrialSource(row.job_id, row.number), _record(row)) for row in rows]


def _record(row: Trial) -> TrialRecord:
    return TrialRecord(
        number=row.number,
        state=row.state,
        hash=row.hash,
        edits=row.edits,
        params=row.params,
        macs=row.macs,
        bytes=row.bytes,
        seed=row.seed,
        attempts=row.attempts,
        accuracy=row.accuracy,
        score=row.score,
        epochs=row.epochs,
        duration_s=row.duration_s,
        weights_key=row.weights_key,
        error=row.error,
        latency_ms=row.latency_ms,
        reused_from=_source(row),
        curve=None if row.curve is None else tuple(row.curve),
        criterion=row.criterion,
        lost_attempts=tuple(map(LostAttempt.from_json, row.lost_attempts or ())),
    )


def _source(row: Trial) -> TrialSource | None:
    if row.reused_job is None or row.reused_trial is None:
        return None
    return TrialSource(row.reused_job, row.reused_trial)
