from app.core_reads import read_rows
from app.database import Database
from app.job_rows import OVERVIEW_OF_ONE, job_of, overview_of, overviews_query
from app.records import Progress
from tests.app.samples import TEACHER, new_job, new_student, searching_job


def test_a_row_tells_the_job_its_teacher_its_best_student_and_its_counts(
    database: Database,
) -> None:
    lease, writer = searching_job(database)
    best = writer.add_student(new_student(), best=True)
    with database.read() as session:
        row = read_rows(session, OVERVIEW_OF_ONE, {"job_id": lease.job_id}).one()
    overview = overview_of(row)
    assert overview.job == job_of(row)
    assert overview.job.teacher == TEACHER
    assert overview.job.best_student_id == best
    assert overview.best is not None
    assert overview.best.id == best
    assert overview.progress.completed == 1


def test_nothing_of_a_new_job_is_made_up(database: Database) -> None:
    job_id = new_job(database)
    with database.read() as session:
        overview = overview_of(read_rows(session, OVERVIEW_OF_ONE, {"job_id": job_id}).one())
    assert (overview.job.teacher, overview.best, overview.progress) == (None, None, Progress())


def test_a_query_of_a_page_is_put_together_once() -> None:
    query = overviews_query(of_owner=True, after=False)
    assert overviews_query(of_owner=True, after=False) is query
    assert overviews_query(of_owner=False, after=False) is not query
