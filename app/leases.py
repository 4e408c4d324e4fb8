"""Leases: which coordinator holds a job, told by the database's clock and a fencing number."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, not_, or_, select, update
from sqlalchemy.orm import Session

from app.database import Database
from app.lease_time import has_run_out, lasting
from app.problems import LeaseLost
from app.tables import Job, Trial

WORKABLE_STATES = ("queued", "preparing", "searching", "finishing")
ENDED_STATES = ("succeeded", "failed", "cancelled")
_CLAIMS = 0x5712  # PostgreSQL's number of the lock; any but that of the migrations


@dataclass(frozen=True)
class Lease:
    """The right to write a job; void once the job's fence is higher or its owner another."""

    job_id: str
    owner: str
    fence: int


def claim(database: Database, owner: str, lease_s: float, most_of_key: int = 0) -> Lease | None:
    """Takes an unfinished job that nobody holds, or whose holder let its lease run out.

    It is the oldest of the key that has the fewest jobs held now, so that nobody's many jobs keep
    others' waiting.

    Args:
        database: where the jobs are.
        owner: who takes it.
        lease_s: for how long, in seconds from now.
        most_of_key: jobs of one key that may be held at once, with this one; 0 for any.

    Returns:
        The lease, with a fence higher than any before; None if there is no such job.
    """
    with database.write() as session:
        _one_at_a_time(session)
        row = session.execute(_next(most_of_key)).one_or_none()
        if row is None:
            return None
        lease = Lease(row.id, owner, row.fence + 1)
        session.execute(
            update(Job)
            .where(Job.id == lease.job_id)
            .values(lease_owner=owner, fence=lease.fence, **lasting(lease_s))
        )
        return lease


def _one_at_a_time(session: Session) -> None:
    """Lets claims wait for each other: each has to count what those before it took."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_CLAIMS)))


def _next(most_of_key: int) -> Select[str, int]:
    """Returns the query for the job to be taken; it locks it, and passes over locked ones."""
    held = (
        select(Job.owner, func.count().label("jobs"))
        .where(Job.lease_owner.is_not(None), not_(is_free()))
        .group_by(Job.owner)
        .subquery()
    )
    of_key = func.coalesce(held.c.jobs, 0)
    query = (
        select(Job.id, Job.fence)
        .outerjoin(held, held.c.owner.is_not_distinct_from(Job.owner))
        .where(Job.state.in_(WORKABLE_STATES), is_free())
        .order_by(of_key, Job.created_at, Job.id)
        .limit(1)
        .with_for_update(of=Job, skip_locked=True)
    )
    if most_of_key:
        query = query.where(or_(Job.owner.is_(None), of_key < most_of_key))
    return query


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


def is_free() -> ColumnElement[bool]:
    """Returns the condition that nobody holds a job now."""
    return or_(Job.lease_owner.is_(None), has_run_out(Job.lease_from, Job.lease_until))


def _is_held_by(lease: Lease) -> ColumnElement[bool]:
    return (Job.id == lease.job_id) & (Job.lease_owner == lease.owner) & (Job.fence == lease.fence)


def _lost(lease: Lease) -> LeaseLost:
    return LeaseLost(f"the lease of {lease.owner} on {lease.job_id} (fence {lease.fence}) is void")
