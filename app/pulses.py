"""The pulse of jobs, teachers and estimates: a value that differs once what they show differs.

The pulses of all that anybody looks at are read together, in one or two statements a kind, so that
500 who watch cost as much as one.
"""

from collections.abc import Collection, Hashable, Mapping
from typing import Any

from sqlalchemy import BindParameter, Executable, bindparam, func, select
from sqlalchemy.orm import Session

from app.core_reads import read_rows
from app.database import Database
from app.ids import ESTIMATE, JOB, TEACHER, is_id
from app.tables import Estimate, Job, JobTeacher, Student, Teacher, Trial

UNENDED_STATES = ("queued", "running")  # a trial in any other changes no more


def read_pulses(database: Database, ids: Collection[str]) -> Mapping[str, Hashable]:
    """Returns the pulses of the jobs, teachers and estimates that are on record."""
    found: dict[str, Hashable] = {}
    with database.read() as session:
        if jobs := _of_kind(JOB, ids):
            found |= _pulses_of_jobs(session, jobs)
        for kind, query in _ERRANDS.items():
            if errands := _of_kind(kind, ids):
                found |= {row[0]: tuple(row) for row in _rows(session, query, errands)}
    return found


def _pulses_of_jobs(session: Session, jobs: list[str]) -> Mapping[str, Hashable]:
    unended: dict[str, list[tuple[int, str, int]]] = {}
    for job_id, *trial in _rows(session, _UNENDED, jobs):
        unended.setdefault(job_id, []).append((trial[0], trial[1], trial[2]))
    return {
        job_id: (*figures, tuple(states or ()), tuple(unended.get(job_id, ())))
        for job_id, states, *figures in _rows(session, _JOBS, jobs)
    }


def _rows(session: Session, query: Executable, ids: list[str]) -> list[Any]:
    return list(read_rows(session, query, {"ids": ids}))


def _of_kind(kind: str, ids: Collection[str]) -> list[str]:
    return [one for one in ids if is_id(kind, one)]


_IDS: BindParameter[str] = bindparam("ids", expanding=True)
_BEST = select(Student.id).where(Student.job_id == Job.id, Student.best).scalar_subquery()
_LAST = select(func.max(Trial.number)).where(Trial.job_id == Job.id).scalar_subquery()
_JOBS = (
    select(
        Job.id,
        Job.states,
        Job.state,
        Job.stage,
        JobTeacher.accuracy,
        JobTeacher.test_accuracy,
        JobTeacher.latency_ms,
        _BEST,
        _LAST,
    )
    .outerjoin(JobTeacher, JobTeacher.job_id == Job.id)
    .where(Job.id.in_(_IDS))
)
_UNENDED = (
    select(Trial.job_id, Trial.number, Trial.state, Trial.attempts)
    .where(Trial.job_id.in_(_IDS), Trial.state.in_(UNENDED_STATES))
    .order_by(Trial.number)
)
_ERRANDS: Mapping[str, Executable] = {
    ESTIMATE: select(Estimate.id, Estimate.state).where(Estimate.id.in_(_IDS)),
    TEACHER: select(Teacher.id, Teacher.state).where(Teacher.id.in_(_IDS)),
}
