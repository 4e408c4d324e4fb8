"""The repository of jobs."""

from typing import Any, TypeVarTuple

from sqlalchemy import Row, ScalarSelect, Select, bindparam, func, select
from sqlalchemy.orm import Session

from app.ids import JOB, is_id, new_id
from app.leases import WORKABLE_STATES
from app.origin import Origin
from app.ownership import EVERYBODYS
from app.pages import Page, after, cut
from app.problems import NotFound
from app.records import (
    BestRecord,
    Command,
    JobOverview,
    JobRecord,
    Progress,
    TeacherRecord,
    TrialState,
)
from app.requests import JobRequest
from app.tables import Embedding, Job, JobTeacher, Student, Trial

Ts = TypeVarTuple("Ts")


def create_job(session: Session, request: JobRequest, origin: Origin | None = None) -> str:
    """Puts a queued job on record, with the request that it came by, and returns its id."""
    job = Job(
        id=new_id(JOB),
        state="queued",
        stage="queued",
        request=request.to_json(),
        origin=None if origin is None else origin.to_json(),
    )
    session.add(job)
    session.flush()
    return job.id


def get_job(session: Session, job_id: str) -> JobRecord:
    """Returns the job.

    Raises:
        NotFound: there is none.
    """
    return _record(_one(session, _JOB_OF_ONE, job_id))


def get_command(session: Session, job_id: str) -> Command | None:
    """Returns what a user asked of the coordinator that holds the job, if anything.

    That is asked again and again while a job is worked on.
    """
    command: Command | None = session.scalar(_COMMAND, {"job_id": job_id})
    return command


def get_origin(session: Session, job_id: str) -> Origin:
    """Returns the request that a job came by, as far as it is known."""
    return Origin.from_json(session.scalar(select(Job.origin).where(Job.id == job_id)))


def count_unfinished(session: Session) -> int:
    """Returns how many jobs, of all owners, wait in the queue or are worked on."""
    count = select(func.count()).select_from(Job).where(Job.state.in_(WORKABLE_STATES))
    return session.scalars(count.execution_options(**EVERYBODYS)).one()


def count_waiting(session: Session, owner: str) -> int:
    """Returns how many jobs of an owner wait in the queue."""
    count = select(func.count()).select_from(Job)
    return session.scalars(count.where(Job.owner == owner, Job.state == "queued")).one()


def require_job(session: Session, job_id: str) -> None:
    """Checks that there is such a job, which is cheaper than to get it.

    Raises:
        NotFound: there is none.
    """
    known = is_id(JOB, job_id) and session.scalar(select(Job.id).where(Job.id == job_id))
    if not known:
        raise _no_job(job_id)


def get_overview(session: Session, job_id: str) -> JobOverview:
    """Returns the job, how far it is and its best student, in one query.

    Raises:
        NotFound: there is none.
    """
    return _overview(_one(session, _OVERVIEW_OF_ONE, job_id))


def list_overviews(session: Session, limit: int, cursor: str | None) -> Page[JobOverview]:
    """Returns a page of the jobs, newest first, in one query."""
    query = after(_OVERVIEW, cursor, JOB, Job.created_at, Job.id).limit(limit + 1)
    found = [_overview(row) for row in session.execute(query)]
    return cut(found, limit, lambda one: [one.job.created_at, one.job.id])


def _one(session: Session, query: Select[*Ts], job_id: str) -> Row[*Ts]:
    row = None
    if is_id(JOB, job_id):
        row = session.execute(query, {"job_id": job_id}).one_or_none()
    if row is None:
        raise _no_job(job_id)
    return row


def _no_job(job_id: str) -> NotFound:
    return NotFound(f"there is no job {job_id!r}")


def _count(state: TrialState) -> ScalarSelect[int]:
    trials = select(func.count()).where(Trial.job_id == Job.id, Trial.state == state)
    return trials.correlate(Job).scalar_subquery()


# Built once: with SQLAlchemy, putting a statement together costs more than running this one.
_JOB = (
    select(Job, JobTeacher, Student, Embedding.id)
    .outerjoin(JobTeacher, JobTeacher.job_id == Job.id)
    .outerjoin(Student, (Student.job_id == Job.id) & Student.best)
    .outerjoin(Embedding, Embedding.job_id == Job.id)
)
_OVERVIEW = _JOB.add_columns(
    _count("completed"), _count("running"), _count("failed"), _count("stopped")
)
_OF_ONE = Job.id == bindparam("job_id")
_JOB_OF_ONE, _OVERVIEW_OF_ONE = _JOB.where(_OF_ONE), _OVERVIEW.where(_OF_ONE)
_COMMAND = select(Job.command).where(_OF_ONE)


def _overview(row: Row[Job, JobTeacher, Student, str, int, int, int, int]) -> JobOverview:
    best: Student | None = row[2]  # of an outer join
    return JobOverview(
        job=_record(row),
        progress=Progress(completed=row[4], running=row[5], failed=row[6], stopped=row[7]),
        best=None if best is None else _best(best),
    )


def _record(row: Row[Job, JobTeacher, Student, str, *tuple[Any, ...]]) -> JobRecord:
    job = row[0]
    teacher: JobTeacher | None = row[1]  # of an outer join, as the best student is
    best: Student | None = row[2]
    request = JobRequest.model_validate(job.request)
    return JobRecord(
        id=job.id,
        name=request.name,
        state=job.state,
        stage=job.stage,
        request=request,
        seed=request.search.seed,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        command=job.command,
        teacher=None if teacher is None else _teacher(teacher),
        proposer_key=job.proposer_key,
        best_student_id=None if best is None else best.id,
        embedding_id=row[3],
        error=job.error,
        fence=job.fence,
    )


def _best(row: Student) -> BestRecord:
    return BestRecord(
        id=row.id,
        trial_number=row.trial_number,
        accuracy=row.accuracy,
        score=row.score,
        params=row.params,
        macs=row.macs,
        bytes=row.bytes,
        latency_ms=row.latency_ms,
    )


def _teacher(row: JobTeacher) -> TeacherRecord:
    return TeacherRecord(
        params=row.params,
        macs=row.macs,
        bytes=row.bytes,
        accuracy=row.accuracy,
        test_accuracy=row.test_accuracy,
        weights_key=row.weights_key,
        architecture_key=row.architecture_key,
        splits_key=row.splits_key,
        precision=row.precision,
        preprocessing=row.preprocessing,
        latency_ms=row.latency_ms,
    )
