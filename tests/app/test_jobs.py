import pytest

from app import job_commands
from app.database import Database
from app.jobs import get_command, get_job, get_overview, list_overviews, require_job
from app.problems import NotFound
from app.records import BestRecord, JobRecord, Progress
from tests.app.samples import new_job, new_student, searching_job


def test_a_new_job_is_as_it_was_asked_for(database: Database) -> None:
    job_id = new_job(database, name="mine", search={"seed": 2**63 - 1})
    with database.read() as session:
        job = get_job(session, job_id)
    assert (job.id, job.name, job.state, job.seed) == (job_id, "mine", "queued", 2**63 - 1)
    assert (job.teacher, job.best_student_id, job.embedding_id, job.error) == (None,) * 4


@pytest.mark.parametrize("job_id", ["job_" + "a" * 22, "x", "job_\x00", ""])
def test_no_such_job(database: Database, job_id: str) -> None:
    with database.read() as session, pytest.raises(NotFound):
        get_job(session, job_id)
    with database.read() as session, pytest.raises(NotFound):
        require_job(session, job_id)


def test_what_was_asked_of_a_coordinator_is_told(database: Database) -> None:
    lease, _ = searching_job(database)
    with database.write() as session:
        assert get_command(session, lease.job_id) is None
        job_commands.pause(session, lease.job_id)
        assert get_command(session, lease.job_id) == "pause"
        assert get_command(session, "job_" + "a" * 22) is None


def test_a_job_that_is_there_can_be_required(database: Database) -> None:
    job_id = new_job(database)
    with database.read() as session:
        require_job(session, job_id)


def test_pages_show_each_job_once_newest_first(database: Database) -> None:
    made = {new_job(database) for _ in range(7)}
    seen: list[JobRecord] = []
    cursor, pages = None, 0
    with database.read() as session:
        while True:
            page = list_overviews(session, 3, cursor)
            seen += [one.job for one in page.items]
            cursor, pages = page.next, pages + 1
            if cursor is None:
                break
    assert pages == 3
    assert len(seen) == 7
    assert {job.id for job in seen} == made
    times = [(job.created_at, job.id) for job in seen]
    assert times == sorted(times, reverse=True)


def test_a_job_that_comes_between_pages_moves_nothing(database: Database) -> None:
    for _ in range(3):
        new_job(database)
    with database.read() as session:
        first = list_overviews(session, 2, None)
    new_job(database)
    with database.read() as session:
        second = list_overviews(session, 2, first.next)
    assert not {one.job.id for one in first.items} & {one.job.id for one in second.items}
    assert len(second.items) == 1


def test_progress_is_of_each_job(database: Database) -> None:
    lease, writer = searching_job(database)
    student_id = writer.add_student(new_student(), best=True)
    other = new_job(database)
    with database.read() as session:
        first, second = get_overview(session, lease.job_id), get_overview(session, other)
        page = list_overviews(session, 10, None)
    assert first.progress == Progress(completed=1, running=1, failed=0)
    assert first.best == BestRecord(student_id, 0, 0.9, 0.97, 200, 3000, 900)
    assert first.job.best_student_id == student_id
    assert (second.progress, second.best) == (Progress(), None)
    assert sorted(page.items, key=lambda one: one.job.id != lease.job_id) == [first, second]
