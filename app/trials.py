"""The repository of trials; only a coordinator writes them (`app.job_writer`)."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.pages import Page, cut, decode_number
from app.records import TrialRecord
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
    )
