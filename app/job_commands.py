"""What a user may ask of a job: cancel, pause, resume.

A job that nobody holds is changed at once. To the coordinator that holds one, a command is left,
which it reads and carries out. Either way the change and what follows from it commit together.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.ids import JOB, is_id
from app.job_states import WORKABLE_STATES
from app.job_writer import end_job
from app.lease_time import has_run_out
from app.problems import Conflict, NotFound
from app.records import EndState
from app.tables import Job


def cancel(session: Session, job_id: str) -> None:
    """Cancels the job; its finished trials stay.

    Raises:
        NotFound: there is no such job.
        Conflict: it has finished.
    """
    job, free = _lock(session, job_id)
    if job.state not in (*WORKABLE_STATES, "paused"):
        raise Conflict(f"{job_id} has {_ended(job)}: only an unfinished job can be cancelled")
    if free:
        _take_away(session, job, "cancelled")
    else:
        job.command = "cancel"


def pause(session: Session, job_id: str) -> None:
    """Pauses the job until it is resumed; nothing changes for one that is paused.

    Raises:
        NotFound: there is no such job.
        Conflict: it has finished, or is being cancelled.
    """
    job, free = _lock(session, job_id)
    if job.state == "paused":
        return
    if job.state not in WORKABLE_STATES:
        raise Conflict(f"{job_id} has {_ended(job)}: only an unfinished job can be paused")
    if job.command == "cancel":
        raise Conflict(f"{job_id} is being cancelled")
    if free:
        _take_away(session, job, "paused")
    else:
        job.command = "pause"


def resume(session: Session, job_id: str) -> None:
    """Queues a paused job again, or takes back a pause that was not carried out yet.

    Raises:
        NotFound: there is no such job.
        Conflict: it is neither paused nor about to be.
    """
    job, _ = _lock(session, job_id)
    if job.state == "paused":
        job.state = job.stage = "queued"
    elif job.command == "pause":
        job.command = None
    else:
        raise Conflict(f"{job_id} is {job.state}: only a paused job can be resumed")


def _take_away(session: Session, job: Job, state: EndState) -> None:
    """Ends or pauses a job that nobody holds; who held it may still live, so the fence rises."""
    job.fence += 1
    end_job(session, job, state)


def _lock(session: Session, job_id: str) -> tuple[Job, bool]:
    row = None
    if is_id(JOB, job_id):
        query = select(Job, has_run_out(Job)).where(Job.id == job_id).with_for_update(of=Job)
        row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"there is no job {job_id!r}")
    return row[0], row[1]


def _ended(job: Job) -> str:
    return "been cancelled" if job.state == "cancelled" else job.state
