"""The repository of what jobs' surrogates make of their searches (`app.job_writer` writes it)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.records import Json
from app.tables import JobSurrogate


@dataclass(frozen=True)
class SurrogateRecord:
    """What the surrogate made of a job's search.

    Attributes:
        outlook: as `app.surrogate_body` has it.
        updated_at: when that was put on record.
    """

    outlook: Json
    updated_at: datetime


def find_surrogate(session: Session, job_id: str) -> SurrogateRecord | None:
    """Returns what is on record of a job, whose owner is not asked for here; None of no job."""
    row = session.scalar(select(JobSurrogate).where(JobSurrogate.job_id == job_id))
    return None if row is None else SurrogateRecord(row.outlook, row.updated_at)
