import pytest

from app.database import Database
from app.problems import NotFound
from app.records import StoredStudentFile
from app.students import get_student, list_students
from tests.app.samples import new_student, searching_job

FILES = (StoredStudentFile("a", "key a", 1, "sha a"), StoredStudentFile("b", "key b", 2, "sha b"))


def test_a_student_is_there_with_its_files(database: Database) -> None:
    lease, writer = searching_job(database)
    student_id = writer.add_student(new_student(FILES), best=True)
    with database.read() as session:
        student = get_student(session, student_id)
    assert (student.job_id, student.trial_number, student.best) == (lease.job_id, 0, True)
    assert (student.accuracy, student.score, student.params) == (0.9, 0.97, 200)
    assert student.files == FILES


@pytest.mark.parametrize("student_id", ["std_" + "a" * 22, "nul\x00", ""])
def test_no_such_student(database: Database, student_id: str) -> None:
    with database.read() as session, pytest.raises(NotFound):
        get_student(session, student_id)


def test_a_jobs_students_are_listed_with_their_own_files(database: Database) -> None:
    lease, writer = searching_job(database)
    first = writer.add_student(new_student(), best=False)
    second = writer.add_student(new_student(FILES), best=True)
    _, other = searching_job(database)
    other.add_student(new_student(), best=True)
    with database.read() as session:
        found = {student.id: student for student in list_students(session, lease.job_id)}
    assert set(found) == {first, second}
    assert (found[first].files, found[second].files) == ((), FILES)
    assert (found[first].best, found[second].best) == (False, True)
