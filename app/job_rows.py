"""Rows of jobs with their teacher and their best student, read past the ORM, and their records."""

from collections.abc import Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, Row, ScalarSelect, Select, bindparam, func, select, tuple_

from app.clock import UtcDateTime
from app.records import (
    BestRecord,
    JobOverview,
    JobRecord,
    Progress,
    TeacherRecord,
    TrialState,
)
from app.requests import JobRequest
from app.tables import Embedding, Job, JobTeacher, Student, Trial

JobRow = Row[*tuple[Any, ...]]
JobQuery = Select[*tuple[Any, ...]]


def _columns_of(table: Any, record: type) -> list[Any]:  # noqa: ANN401 - a mapped class
    """Returns the columns by which a record's fields go, in their order."""
    return [getattr(table, field.name) for field in fields(record)]


def _count(state: TrialState) -> ScalarSelect[int]:
    trials = select(func.count()).where(Trial.job_id == Job.id, Trial.state == state)
    return trials.correlate(Job).scalar_subquery()


_STATES: tuple[TrialState, ...] = ("completed", "running", "failed", "stopped")
_OWN = (
    Job.owner,
    Job.id.label("job_id"),
    Job.state,
    Job.stage,
    Job.request,
    Job.created_at,
    Job.started_at,
    Job.finished_at,
    Job.command,
    Job.proposer_key,
    Embedding.id.label("embedding_id"),
    Job.error,
    Job.fence,
)
_TEACHERS = _columns_of(JobTeacher, TeacherRecord)
_BESTS = _columns_of(Student, BestRecord)
# Built once: with SQLAlchemy, putting a statement together costs more than running this one.
_JOB: JobQuery = (
    select(*_OWN, *_TEACHERS, *_BESTS)
    .outerjoin(JobTeacher, JobTeacher.job_id == Job.id)
    .outerjoin(Student, (Student.job_id == Job.id) & Student.best)
    .outerjoin(Embedding, Embedding.job_id == Job.id)
)
_OVERVIEW = _JOB.add_columns(*map(_count, _STATES))
_OF_ONE = Job.id == bindparam("job_id")
JOB_OF_ONE, OVERVIEW_OF_ONE = _JOB.where(_OF_ONE), _OVERVIEW.where(_OF_ONE)
OWNER_OF_ONE: JobQuery = select(Job.owner).where(_OF_ONE)


@lru_cache
def overviews_query(*, of_owner: bool, after: bool) -> JobQuery:
    """Returns the query of a page of overviews, newest first; it takes `limit`.

    Args:
        of_owner: whether of the `owner`'s jobs alone.
        after: whether of those that follow the one of the time `created_at` and the id `last_id`.
    """
    query = _OVERVIEW.order_by(Job.created_at.desc(), Job.id.desc())
    if of_owner:
        query = query.where(Job.owner == bindparam("owner"))
    if after:
        last = tuple_(bindparam("created_at", type_=UtcDateTime()), bindparam("last_id"))
        query = query.where(tuple_(Job.created_at, Job.id) < last)
    return query.limit(bindparam("limit", type_=Integer()))


def overview_of(row: JobRow) -> JobOverview:
    """Returns what a row of `OVERVIEW_OF_ONE` or of a page tells."""
    _, best, counts = _parts(row)
    return JobOverview(
        job=job_of(row),
        progress=Progress(**dict(zip(_STATES, counts, strict=True))),
        best=None if best[0] is None else BestRecord(*best),
    )


def job_of(row: JobRow) -> JobRecord:
    """Returns the job of a row of `JOB_OF_ONE`, or of one with more columns."""
    teacher, best, _ = _parts(row)
    request = JobRequest.model_validate(row.request)
    return JobRecord(
        id=row.job_id,
        name=request.name,
        state=row.state,
        stage=row.stage,
        request=request,
        seed=request.search.seed,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        command=row.command,
        teacher=None if teacher[0] is None else TeacherRecord(*teacher),  # of an outer join
        proposer_key=row.proposer_key,
        best_student_id=best[0],
        embedding_id=row.embedding_id,
        error=row.error,
        fence=row.fence,
    )


def _parts(row: JobRow) -> tuple[Sequence[Any], Sequence[Any], Sequence[Any]]:
    """Returns what a row has of the job's teacher, of its best student, and its counts."""
    teachers = len(_OWN)
    bests = teachers + len(_TEACHERS)
    counts = bests + len(_BESTS)
    return row[teachers:bests], row[bests:counts], row[counts:]
