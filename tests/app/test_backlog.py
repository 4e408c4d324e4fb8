import pytest
from sqlalchemy import func, select, text, update

from app.backlog import read_backlog
from app.clock import DatabaseTime
from app.database import Database
from app.leases import claim
from app.tables import Job, Trial
from tests.app.queries import statements
from tests.app.samples import completed_trial, held_job, new_job, searching_job
from tests.app.samples_teachers import new_estimate, new_teacher


def test_nothing_on_record_is_nothing_to_do(database: Database) -> None:
    with database.read() as session:
        seen = read_backlog(session)
    assert set(seen.jobs.values()) == set(seen.trials.values()) == set(seen.errands.values()) == {0}
    assert (seen.oldest_queued_s, seen.leases_held, seen.leases_expired) == (0.0, 0, 0)
    assert seen.lease_age_s == 0.0


def test_jobs_leases_trials_and_errands_are_counted(database: Database) -> None:
    searching_job(database)
    slipped, _ = held_job(database)
    waiting, _ = new_job(database), new_job(database)
    new_teacher(database)
    new_estimate(database)
    with database.write() as session:
        session.execute(
            update(Job)
            .where(Job.id == slipped.job_id)
            .values(lease_from=DatabaseTime(-90), lease_until=DatabaseTime(-60))
        )
        session.execute(update(Job).where(Job.id == waiting).values(created_at=DatabaseTime(-300)))
    with database.read() as session:
        seen = read_backlog(session)
    assert (seen.jobs["searching"], seen.jobs["queued"], seen.jobs["failed"]) == (1, 3, 0)
    assert 299 < seen.oldest_queued_s < 330
    assert (seen.leases_held, seen.leases_expired) == (1, 1)
    assert 89 < seen.lease_age_s < 120
    assert seen.trials["queued"] == seen.trials["running"] == seen.trials["completed"] == 1
    assert seen.errands["estimate", "queued"] == 1
    assert claim(database, "another", 30.0) is not None  # the slipped one or one that waits


def test_trials_of_jobs_that_have_ended_are_not_counted(database: Database) -> None:
    _, writer = searching_job(database)
    writer.finish("succeeded")
    with database.read() as session:
        assert set(read_backlog(session).trials.values()) == {0}


def test_what_is_asked_reads_indexes_however_much_is_on_record(sqlite_database: Database) -> None:
    database = sqlite_database
    for _ in range(20):
        _, writer = searching_job(database)
        writer.finish("succeeded")
    lease, _ = searching_job(database)
    with database.write() as session:
        session.add_all(completed_trial(lease.job_id, number) for number in range(10, 200))
    with statements(database) as sent, database.read() as session:
        read_backlog(session)
    asked = [one for one in sent if one.startswith("SELECT")]
    assert len(asked) == 6
    small = "USING INDEX ix_jobs_held"  # which has those alone that somebody holds
    with database.read() as session:
        for one in asked:
            query = one.replace("?", "'queued'")
            for *_, step in session.execute(text(f"EXPLAIN QUERY PLAN {query}")):
                assert "SCAN" not in step or step.endswith(small) or "COVERING" in step, step
        assert session.scalars(select(func.count()).select_from(Trial)).one() > 200


@pytest.mark.parametrize("name", ["jobs", "trials", "errands"])
def test_states_that_nothing_is_in_are_told_too(database: Database, name: str) -> None:
    with database.read() as session:
        assert len(getattr(read_backlog(session), name)) in {8, 6, 3}
