"""What waits and what is under way, of all owners: counted in SQL, whoever runs the coordinators.

Each query reads an index alone, or the few rows of what is not finished: how much is on record
matters little.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.clock import DatabaseTime
from app.job_states import WORKABLE_STATES
from app.lease_time import has_run_out
from app.records import JobState, TrialState
from app.tables import Estimate, Job, Teacher, Trial

ERRANDS = (("teacher", "checking"), ("estimate", "queued"), ("estimate", "running"))


@dataclass(frozen=True)
class Backlog:
    """A look at the installation.

    Attributes:
        jobs: how many there are, by state.
        oldest_queued_s: how long ago the oldest job in the queue was submitted; 0 if there is none.
        leases_held: how many jobs a coordinator holds.
        leases_expired: how many it let slip, that no other has taken yet.
        lease_age_s: how long ago the lease that was renewed longest ago was; 0 if there is none.
        trials: of jobs that wait or are worked on, by state.
        errands: uploads to be checked and estimates to be made, by kind and state.
    """

    jobs: Mapping[JobState, int]
    oldest_queued_s: float
    leases_held: int
    leases_expired: int
    lease_age_s: float
    trials: Mapping[TrialState, int]
    errands: Mapping[tuple[str, str], int]


def read_backlog(session: Session) -> Backlog:
    """Returns how things stand."""
    jobs = {row[0]: row for row in session.execute(_JOBS)}
    leases = {row[0]: row for row in session.execute(_LEASES)}
    trials = {row[0]: row[1] for row in session.execute(_TRIALS)}
    queued = jobs.get("queued")
    return Backlog(
        jobs={state: jobs[state][1] if state in jobs else 0 for state in get_args(JobState)},
        oldest_queued_s=0.0 if queued is None else _seconds(queued[2], queued[3]),
        leases_held=leases[False][1] if False in leases else 0,
        leases_expired=leases[True][1] if True in leases else 0,
        lease_age_s=max((_seconds(row[2], row[3]) for row in leases.values()), default=0.0),
        trials={state: trials.get(state, 0) for state in get_args(TrialState)},
        errands={one: session.execute(_COUNTS[one]).scalar_one() for one in ERRANDS},
    )


def _seconds(since: datetime, now: datetime) -> float:
    """Returns how long ago that was; the clock may have gone back meanwhile."""
    return max((now - since).total_seconds(), 0.0)


# Built once, as those of app.jobs are.
_NOW = DatabaseTime().label("now")
_JOBS = select(Job.state, func.count(), func.min(Job.created_at), _NOW).group_by(Job.state)
_SLIPPED = has_run_out(Job).label("slipped")
_RENEWED = func.min(func.coalesce(Job.lease_from, Job.created_at))
_LEASES = (
    select(_SLIPPED, func.count(), _RENEWED, _NOW)
    .where(Job.lease_owner.is_not(None))
    .group_by(_SLIPPED)
)
_TRIALS = (
    select(Trial.state, func.count())
    .join(Job, Job.id == Trial.job_id)
    .where(Job.state.in_(WORKABLE_STATES))
    .group_by(Trial.state)
)
_COUNTS = {
    (kind, state): select(func.count()).select_from(table).where(table.state == state)
    for kind, state in ERRANDS
    for table in ((Teacher if kind == "teacher" else Estimate),)
}
