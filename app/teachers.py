"""The repository of uploaded teachers; a coordinator that holds one's lease checks it."""

from dataclasses import asdict, replace

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.artifacts import StoredFile
from app.clock import DatabaseTime
from app.database import Database
from app.errand_leases import ErrandLease, end_errand, hold_errand
from app.errand_records import NewTeacher, UploadedTeacher
from app.ids import TEACHER, is_id
from app.pages import Page, after, cut
from app.problems import NotFound
from app.records import Json
from app.tables import Teacher


def create_teacher(session: Session, teacher_id: str, teacher: NewTeacher) -> None:
    """Puts a teacher on record, to be checked; its artifacts are stored already."""
    shape = teacher.input_shape
    session.add(
        Teacher(
            id=teacher_id,
            state="checking",
            name=teacher.name,
            kind=teacher.kind,
            network=teacher.network,
            files={field: asdict(file) for field, file in teacher.files.items()},
            input_shape=None if shape is None else list(shape),
            preprocessing=teacher.preprocessing,
        )
    )


def get_teacher(session: Session, teacher_id: str) -> UploadedTeacher:
    """Returns the teacher.

    Raises:
        NotFound: there is none.
    """
    row = session.get(Teacher, teacher_id) if is_id(TEACHER, teacher_id) else None
    if row is None:
        raise NotFound(f"there is no teacher {teacher_id!r}")
    return _record(row)


def list_teachers(session: Session, limit: int, cursor: str | None) -> Page[UploadedTeacher]:
    """Returns a page of the uploaded teachers, newest first, without their frozen layers.

    A network of a stranger's may have very many of them: no two rows are held with theirs at once.
    """
    query = after(select(Teacher), cursor, TEACHER, Teacher.created_at, Teacher.id)
    rows = session.scalars(query.limit(limit + 1).execution_options(yield_per=1))
    found = [_without_frozen(_record(row)) for row in rows]
    return cut(found, limit, lambda teacher: [teacher.created_at, teacher.id])


def accept_teacher(
    database: Database, lease: ErrandLease, summary: Json, architecture_key: str, weights_key: str
) -> None:
    """Makes the teacher ready; the artifacts under the keys are stored already.

    Raises:
        LeaseLost: another coordinator holds the teacher, or it was checked.
    """
    with database.write() as session:
        row = _held(session, lease)
        row.state, row.summary = "ready", summary
        row.architecture_key, row.weights_key = architecture_key, weights_key
        _end(session, row)


def reject_teacher(database: Database, lease: ErrandLease, error: Json) -> None:
    """Puts on record why the teacher can't be used (a problem).

    Raises:
        LeaseLost: another coordinator holds the teacher, or it was checked.
    """
    with database.write() as session:
        row = _held(session, lease)
        row.state, row.error = "rejected", error
        _end(session, row)


def _without_frozen(teacher: UploadedTeacher) -> UploadedTeacher:
    summary = teacher.summary
    if summary is None:
        return teacher
    kept = {name: value for name, value in summary.items() if name != "frozen"}
    return replace(teacher, summary=kept)


def _held(session: Session, lease: ErrandLease) -> Teacher:
    row = hold_errand(session, lease)
    assert isinstance(row, Teacher)
    return row


def _end(session: Session, row: Teacher) -> None:
    end_errand(row)
    session.flush()
    session.execute(update(Teacher).where(Teacher.id == row.id).values(checked_at=DatabaseTime()))


def _record(row: Teacher) -> UploadedTeacher:
    shape = row.input_shape
    return UploadedTeacher(
        id=row.id,
        name=row.name,
        state=row.state,
        kind=row.kind,
        network=row.network,
        files={field: StoredFile(**file) for field, file in row.files.items()},
        input_shape=None if shape is None else (shape[0], shape[1], shape[2]),
        preprocessing=row.preprocessing,
        summary=row.summary,
        error=row.error,
        architecture_key=row.architecture_key,
        weights_key=row.weights_key,
        created_at=row.created_at,
        checked_at=row.checked_at,
    )
