"""The repository of students; only a coordinator writes them (`app.job_writer`)."""

from itertools import groupby
from typing import Any

from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.orm import Session

from app.core_reads import read_rows
from app.ids import STUDENT, is_id
from app.ownership import sees
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
        found = _read(session, _OF_ONE, {"student_id": student_id})
    if not found:
        raise NotFound(f"there is no student {student_id!r}")
    return found[0]


def list_students(session: Session, job_id: str) -> list[StudentRecord]:
    """Returns a job's students, the oldest first, in one query."""
    return _read(session, _OF_JOB, {"job_id": job_id})


def _read(
    session: Session, query: Select[*tuple[Any, ...]], parameters: dict[str, object]
) -> list[StudentRecord]:
    rows = [row for row in read_rows(session, query, parameters) if sees(session, row.owner)]
    return [_record(list(group)) for _, group in groupby(rows, lambda row: row.id)]


_STUDENTS: Select[*tuple[Any, ...]] = (
    select(
        Student.owner,
        Student.id,
        Student.job_id,
        Student.trial_number,
        Student.final,
        Student.best,
        Student.accuracy,
        Student.test_accuracy,
        Student.score,
        Student.params,
        Student.macs,
        Student.bytes,
        Student.latency_ms,
        StudentFile.name.label("file_name"),
        StudentFile.key.label("file_key"),
        StudentFile.bytes.label("file_bytes"),
        StudentFile.sha256.label("file_sha256"),
    )
    .outerjoin(StudentFile, StudentFile.student_id == Student.id)
    .order_by(Student.created_at, Student.id, StudentFile.name)
)
_OF_ONE = _STUDENTS.where(Student.id == bindparam("student_id"))
_OF_JOB = _STUDENTS.where(Student.job_id == bindparam("job_id"))


def _record(rows: list[Row[*tuple[Any, ...]]]) -> StudentRecord:
    """Returns the student of some rows, each of which has one of its files."""
    row = rows[0]
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
        files=tuple(map(_file, rows)) if row.file_name is not None else (),
        latency_ms=row.latency_ms,
    )


def _file(row: Row[*tuple[Any, ...]]) -> StoredStudentFile:
    return StoredStudentFile(row.file_name, row.file_key, row.file_bytes, row.file_sha256)
