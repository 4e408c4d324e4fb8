"""Leases: which coordinator holds a job, told by the database's clock and a fencing number."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from app.database import Database
from app.lease_time import lasting
from app.problems import LeaseLost
from app.tables import Job, Trial
from app.turns import next_in_turn


@dataclass(frozen=True)
class Lease:
    """The right to write a job; void once the job's fence is higher or its owner another."""

    job_id: str
    owner: str
    fence: int


def claim(database: Database, owner: str, lease_s: float, most_of_key: int = 0) -> Lease | None:
    """Takes an unfinished job that nobody holds, or whose holder let its lease run out.

    Keys take turns, each with its oldest one (`app.turns`).

    Args:
        database: where the jobs are.
        owner: who takes it.
        lease_s: for how long, in seconds from now.
        most_of_key: jobs of one key that may be held at once, with this one; 0 for any.

    Returns:
        The lease, with a fence higher than any before; None if there is no such job.
    """
    with database.write() as session:
        job = next_in_turn(session, Job, most_of_key)
        if job is None:
            return None
        job.lease_owner = owner
        job.fence += 1
        lease = Lease(job.id, owner, job.fence)
        session.flush()
        session.execute(update(Job).where(Job.id == job.id).values(**lasting(lease_s)))
        return lease


def renew(database: Database, lease: Lease, lease_s: float) -> None:
    """Makes the lease last `lease_s` seconds from now, also if it ran out and nobody took over.

    Raises:
        LeaseLost: another coordinator holds the job, or it was ended.
    """
    with database.write() as session:
        held = session.scalar(
            update(Job).where(_is_held_by(lease)).values(**lasting(lease_s)).returning(Job.id)
        )
        if held is None:
            raise _lost(lease)


def release(database: Database, lease: Lease) -> None:
    """Lets the job go, for another coordinator to claim; nothing happens if the lease was lost.

    Its running trials wait in the queue: whoever lets a job go has lost none of them.
    """
    with database.write() as session:
        held = session.scalar(
            update(Job)
            .where(_is_held_by(lease))
            .values(lease_owner=None, lease_until=None)
            .returning(Job.id)
        )
        of_job = update(Trial).where(Trial.job_id == held, Trial.state == "running")
        session.execute(of_job.values(state="queued", started_at=None))


def hold(session: Session, lease: Lease) -> Job:
    """Returns the job, locked for this transaction: nobody else can write it until the commit.

    Raises:
        LeaseLost: the lease is void.
    """
    job = session.scalar(select(Job).where(_is_held_by(lease)).with_for_update())
    if job is None:
        raise _lost(lease)
    return job


def _is_held_by(lease: Lease) -> ColumnElement[bool]:
    return (Job.id == lease.job_id) & (Job.lease_owner == lease.owner) & (Job.fence == lease.fence)


def _lost(lease: Lease) -> LeaseLost:
    return LeaseLost(f"the lease of {lease.owner} on {lease.job_id} (fence {lease.fence}) is void")
