"""Deleting jobs, datasets, teachers and embeddings, with their artifacts.

The rows go first, in one transaction, and then the files. Whoever is killed in between leaves files
that no row names, which `stillhouse db prune` finds.
"""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.artifacts import Artifacts
from app.database import Database
from app.datasets import get_dataset
from app.embeddings import get_embedding
from app.job_states import ENDED_STATES
from app.jobs import require_job
from app.lease_time import has_run_out
from app.leftovers import stored_of
from app.problems import Conflict, NotFound
from app.tables import (
    Dataset,
    Embedding,
    Job,
    JobSurrogate,
    JobTeacher,
    Student,
    StudentFile,
    Table,
    Teacher,
    Trial,
)
from app.teachers import get_teacher
from app.usage import expect_unused

_log = logging.getLogger(__name__)

T = TypeVar("T", bound=Table)


def delete_job(database: Database, artifacts: Artifacts, job_id: str) -> None:
    """Deletes a job that has ended: its trials, students and embedding, and all their files.

    Raises:
        NotFound: there is no such job.
        Conflict: it has not ended, or an unfinished job starts from its embedding.
    """
    with database.write() as session:
        require_job(session, job_id)
        job = _lock(session, Job, job_id)
        if job.state not in ENDED_STATES:
            raise Conflict(f"{job_id} is {job.state}: only a job that has ended can be deleted")
        embeddings = select(Embedding).where(Embedding.job_id == job_id).with_for_update()
        for embedding in session.scalars(embeddings):
            expect_unused(session, "embedding", embedding.id)
        fence = job.fence
        _delete_rows_of(session, job_id)
    _delete_files(artifacts, lambda: stored_of(artifacts, job_id, fence))


def delete_dataset(database: Database, artifacts: Artifacts, dataset_id: str) -> None:
    """Deletes an uploaded dataset and its files.

    Raises:
        NotFound: there is no such dataset.
        Conflict: an unfinished job or estimate uses it.
    """
    with database.write() as session:
        dataset = get_dataset(session, dataset_id)
        session.delete(_lock(session, Dataset, dataset_id))
        expect_unused(session, "dataset", dataset_id)
    _delete_files(artifacts, lambda: filter(None, [dataset.key, dataset.samples_key]))


def delete_teacher(database: Database, artifacts: Artifacts, teacher_id: str) -> None:
    """Deletes an uploaded teacher and its files; jobs that have ended keep their students.

    Raises:
        NotFound: there is no such teacher.
        Conflict: it is being checked, or an unfinished job or estimate uses it.
    """
    with database.write() as session:
        get_teacher(session, teacher_id)
        row = _lock(session, Teacher, teacher_id)
        is_left = has_run_out(Teacher)
        if not session.scalar(select(is_left).where(Teacher.id == teacher_id)):
            raise Conflict(f"{teacher_id} is being checked: wait for the check's end")
        session.delete(row)
        expect_unused(session, "teacher", teacher_id)
    _delete_files(artifacts, lambda: [one.key for one in artifacts.files(f"teachers/{teacher_id}")])


def delete_embedding(database: Database, artifacts: Artifacts, embedding_id: str) -> None:
    """Deletes a saved embedding and its file; its job stays.

    Raises:
        NotFound: there is no such embedding.
        Conflict: an unfinished job or estimate starts from it.
    """
    with database.write() as session:
        key = get_embedding(session, embedding_id).key
        session.delete(_lock(session, Embedding, embedding_id))
        expect_unused(session, "embedding", embedding_id)
    _delete_files(artifacts, lambda: [key])


def _lock(session: Session, table: type[T], row_id: str) -> T:
    """Returns the row, which nobody can name or change until this transaction has ended."""
    row = session.get(table, row_id, with_for_update=True, populate_existing=True)
    if row is None:  # another was quicker
        raise NotFound(f"there is no {row_id} any more")
    return row


def _delete_rows_of(session: Session, job_id: str) -> None:
    of_job = select(Student.id).where(Student.job_id == job_id)
    session.execute(delete(StudentFile).where(StudentFile.student_id.in_(of_job)))
    for table in (Student, Trial, JobTeacher, JobSurrogate, Embedding):
        session.execute(delete(table).where(table.job_id == job_id))
    session.execute(delete(Job).where(Job.id == job_id))


def _delete_files(artifacts: Artifacts, keys: Callable[[], Iterable[str]]) -> None:
    """Deletes files that no row names any more; what fails costs space alone."""
    try:
        for key in sorted(keys()):
            artifacts.delete(key)
    except Exception:  # noqa: BLE001 - whatever the store's trouble is
        _log.exception("not all files of what was deleted are gone; `stillhouse db prune` can")
