"""Whether coordinators live: jobs that are held, and jobs that wait to be."""

from dataclasses import dataclass

from sqlalchemy import and_, func, not_, select
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
        busy: whether one of them holds any job, whoever it belongs to.
        working: jobs that one of them holds, of those that the session sees.
        waiting: jobs that none holds and that one should take.
        oldest_waiting_s: for how long at most they can have waited; None where none waits.
    """

    busy: bool
    working: int
    waiting: int
    oldest_waiting_s: float | None


def liveness(session: Session) -> Liveness:
    """Returns what the leases tell of the jobs that the session sees; of others, if any is held."""
    workable = Job.state.in_(WORKABLE_STATES)
    is_held = and_(workable, not_(has_run_out(Job)))
    any_held = select(Job.id).where(is_held).limit(1).execution_options(**EVERYBODYS)
    working = session.scalar(select(func.count(Job.id)).where(is_held)) or 0
    query = select(func.count(Job.id), func.min(Job.created_at), DatabaseTime())
    waiting, oldest, now = session.execute(query.where(workable, has_run_out(Job))).one()
    waits_s = (now - oldest).total_seconds() if waiting else None
    return Liveness(session.scalar(any_held) is not None, working, waiting, waits_s)
