"""Writes that an attempt at a trial was lost; like all writes of a job, under its lease."""

from sqlalchemy import select

from app.clock import DatabaseTime
from app.database import Database
from app.leases import Lease, hold
from app.lost_attempts import LostAttempt
from app.problems import Conflict
from app.records import Json
from app.tables import Trial


def lose_attempt(
    database: Database, lease: Lease, number: int, lost: LostAttempt, error: Json | None = None
) -> None:
    """Puts a running trial's attempt on record as lost; it waits again, or fails of an `error`.

    Raises:
        Conflict: the trial is not running.
        LeaseLost: the lease is void.
    """
    with database.write() as session:
        hold(session, lease)
        running = (Trial.job_id == lease.job_id, Trial.number == number, Trial.state == "running")
        trial = session.scalar(select(Trial).where(*running))
        if trial is None:
            raise Conflict(f"trial {number} of {lease.job_id} is not running")
        trial.lost_attempts = [*(trial.lost_attempts or ()), lost.to_json()]
        if error is None:
            trial.state, trial.started_at = "queued", None
            trial.attempts = lost.number + 1
        else:
            trial.state, trial.error = "failed", error
            trial.finished_at = session.scalar(select(DatabaseTime()))
