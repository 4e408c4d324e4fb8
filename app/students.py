"""The repository of students; only a coordinator writes them (`app.job_writer`)."""

from collections.abc import Sequence

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.ids import STUDENT, is_id
from app.problems import NotFound
from app.records import StoredStudentFile, StudentRecord
from app.tables import Student, StudentFile


def get_student(session: Session, student_id: str) -> StudentRecord:
    """Returns the student with its files.

    Raises:
        NotFound: there is none.
    """
    found = []
    if is_id(STUDENT, student_id):
        found = _read(session, select(Student).where(Student.id == student_id))
    if not found:
        raise NotFound(f"there is no student {student_id!r}")
    return found[0]


def list_students(session: Session, job_id: str) -> list[StudentRecord]:
    """Returns a job's students, the oldest first, in two queries."""
    query = select(Student).where(Student.job_id == job_id)
    return _read(session, query.order_by(Student.created_at, Student.id))


def _read(session: Session, query: Select[Student]) -> list[StudentRecord]:
    students = session.scalars(query).all()
    files: dict[str, list[StoredStudentFile]] = {student.id: [] for student in students}
    of_these = select(StudentFile).where(StudentFile.student_id.in_(files))
    for file in session.scalars(of_these.order_by(StudentFile.name)):
        files[file.student_id].append(
            StoredStudentFile(file.name, file.key, file.bytes, file.sha256)
        )
    return [_record(student, files[student.id]) for student in students]


def _record(row: Student, files: Sequence[StoredStudentFile]) -> StudentRecord:
    return StudentRecord(
        id=row.id,
        job_id=row.job_id,
        trial_number=row.trial_number,
        final=row.final,
        best=row.best,
        accuracy=row.accuracy,
        test_accuracy=row.test_accuracy,
        score=row.score,
        params=row.params,
        macs=row.macs,
        bytes=row.bytes,
        files=tuple(files),
        latency_ms=row.latency_ms,
    )
