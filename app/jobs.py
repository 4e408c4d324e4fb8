"""The repository of jobs."""

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.core_reads import read_rows
from app.ids import JOB, is_id, new_id
from app.job_rows import (
    JOB_OF_ONE,
    OVERVIEW_OF_ONE,
    OWNER_OF_ONE,
    JobQuery,
    JobRow,
    job_of,
    overview_of,
    overviews_query,
)
from app.job_states import WORKABLE_STATES
from app.origin import Origin
from app.ownership import EVERYBODYS, sees, visitor_of
from app.pages import Page, cut, decode_place
from app.problems import NotFound
from app.records import Command, JobOverview, JobRecord
from app.requests import JobRequest
from app.tables import Job


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
    return job_of(_one(session, JOB_OF_ONE, job_id))


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
    _one(session, OWNER_OF_ONE, job_id)


def get_overview(session: Session, job_id: str) -> JobOverview:
    """Returns the job, how far it is and its best student, in one query.

    Raises:
        NotFound: there is none.
    """
    return overview_of(_one(session, OVERVIEW_OF_ONE, job_id))


def list_overviews(session: Session, limit: int, cursor: str | None) -> Page[JobOverview]:
    """Returns a page of the jobs, newest first, in one query."""
    visitor = visitor_of(session)
    query = overviews_query(of_owner=not visitor.sees_all, after=cursor is not None)
    known: dict[str, object] = {"owner": visitor.key_id, "limit": limit + 1}
    if cursor is not None:
        known["created_at"], known["last_id"] = decode_place(cursor, JOB)
    found = [overview_of(row) for row in read_rows(session, query, known)]
    return cut(found, limit, lambda one: [one.job.created_at, one.job.id])


def _one(session: Session, query: JobQuery, job_id: str) -> JobRow:
    """Returns the row of a job that its asker sees; the owner is in its first column."""
    row = None
    if is_id(JOB, job_id):
        row = read_rows(session, query, {"job_id": job_id}).one_or_none()
    if row is None or not sees(session, row[0]):
        raise _no_job(job_id)
    return row


def _no_job(job_id: str) -> NotFound:
    return NotFound(f"there is no job {job_id!r}")


_COMMAND = select(Job.command).where(Job.id == bindparam("job_id"))
