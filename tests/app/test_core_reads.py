from sqlalchemy import select

from app.core_reads import read_rows
from app.database import Database
from app.jobs import get_job
from app.tables import Job
from tests.app.samples import new_job


def test_what_a_session_has_changed_is_in_the_rows(database: Database) -> None:
    job_id = new_job(database)
    with database.write() as session:
        job = session.get_one(Job, job_id)
        job.stage = "otherwise"
        rows = read_rows(session, select(Job.stage).where(Job.id == job_id), {})
        assert [row.stage for row in rows] == ["otherwise"]
        assert get_job(session, job_id).stage == "otherwise"
