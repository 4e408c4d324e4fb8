"""Whether coordinators live: jobs that are held, and jobs that wait to be."""

from dataclasses import dataclass

from sqlalchemy import func, not_, select
from sqlalchemy.orm import Session

from app.clock import DatabaseTime
from app.job_states import WORKABLE_STATES
from app.lease_time import has_run_out
from app.ownership import EVERYBODYS
from app.tables import Job


@dataclass(frozen=True)
class Liveness:
    """What is known of coordinators.

    Attributes:
        working: jobs that one of them holds, whoever they belong to.
        waiting: jobs that none holds and that one should take.
        oldest_waiting_s: for how long at most they can have waited; None where none waits.
    """

    working: int
    waiting: int
    oldest_waiting_s: float | None


def liveness(session: Session) -> Liveness:
    """Returns what the leases tell: of waiting jobs those that the session sees."""
    workable = Job.state.in_(WORKABLE_STATES)
    held = select(func.count(Job.id)).where(workable, not_(has_run_out(Job)))
    working = session.scalar(held.execution_options(**EVERYBODYS)) or 0
    query = select(func.count(Job.id), func.min(Job.created_at), DatabaseTime())
    waiting, oldest, now = session.execute(query.where(workable, has_run_out(Job))).one()
    return Liveness(working, waiting, (now - oldest).total_seconds() if waiting else None)
