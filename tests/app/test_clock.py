from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, update

from app.clock import DatabaseTime
from app.database import Database
from app.jobs import get_job
from app.tables import Job
from tests.app.samples import new_job


def test_times_are_the_databases_in_utc(database: Database) -> None:
    before = datetime.now(UTC)
    job_id = new_job(database)
    with database.read() as session:
        created_at = get_job(session, job_id).created_at
    assert created_at.tzinfo is UTC
    assert abs(created_at - before) < timedelta(seconds=60)


@pytest.mark.parametrize("offset_s", [-0.5, 90.25])
def test_an_offset_moves_the_time(database: Database, offset_s: float) -> None:
    with database.read() as session:
        now, then = session.execute(select(DatabaseTime(), DatabaseTime(offset_s))).one()
    assert abs((then - now).total_seconds() - offset_s) < 0.1


def test_any_zone_is_kept_as_utc_and_compares(database: Database) -> None:
    zone = timezone(timedelta(hours=5))
    time = datetime(2026, 3, 1, 2, 0, 0, 123456, tzinfo=zone)
    job_id = new_job(database)
    with database.write() as session:
        session.execute(update(Job).values(started_at=time))
    with database.read() as session:
        assert get_job(session, job_id).started_at == time
        assert session.scalar(select(Job.id).where(Job.started_at < DatabaseTime())) == job_id
        assert session.scalar(select(Job.id).where(Job.started_at == time)) == job_id
