"""What of the artifacts nothing needs any more.

Whatever may still change is left alone: all that belongs to a job that has not ended, and what is
so young that the row which will name it may not be there yet. Students, the teachers and embeddings
of jobs, and uploads stay as long as their rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.artifacts import Artifacts, ListedFile
from app.database import Database
from app.job_states import ENDED_STATES
from app.records import SAMPLES
from app.tables import (
    Dataset,
    Embedding,
    Job,
    JobTeacher,
    Student,
    StudentFile,
    Teacher,
    Trial,
)

Kind = Literal["checkpoint", "trial weights", "orphan", "part"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_YOUNG = timedelta(days=1)  # an upload or a training that began before it has ended by then
_ROWS = 1000  # read at once


@dataclass(frozen=True)
class Removable:
    """An artifact that nothing needs any more, and why."""

    kind: Kind
    file: ListedFile


def removable(database: Database, artifacts: Artifacts, now: datetime) -> list[Removable]:
    """Returns what can go, by its key.

    - `checkpoint`: of a training of a job that has ended.
    - `trial weights`: of an ended job's trial that became no student. A later job can't take such a
      trial's result over any more, and trains itself.
    - `orphan`: no row names it, and it is older than a day.
    - `part`: what a killed writer left, older than a day.

    Args:
        database: says which jobs have ended and what is still named.
        artifacts: is only looked at.
        now: the time that ages are counted from, with a zone.
    """
    # The files first: what is named since then is none of these.
    files = list(artifacts.files())
    with database.read() as session:
        # A deleted job has ended too.
        going_on = set(session.scalars(select(Job.id).where(Job.state.not_in(ENDED_STATES))))
        spare = set(_keys(session, _SPARE_WEIGHTS))
        named = set(_named(session)) - spare
    found = []
    for file in files:
        kind = _kind(file.key, going_on, spare, named)
        needs_age = kind in ("orphan", "part")
        if kind and not (needs_age and artifacts.modified(file.key) > now - _YOUNG):
            found.append(Removable(kind, file))
    return sorted(found, key=lambda one: one.file.key)


def _kind(key: str, going_on: set[str], spare: set[str], named: set[str]) -> Kind | None:
    """Returns why a file can go, once it is old enough; None if it can't."""
    folder, _, rest = key.partition("/")
    job_id, _, name = rest.partition("/")
    if key in named or (folder == "jobs" and job_id in going_on):
        return None
    if key.endswith(".part"):
        return "part"
    if folder == "jobs" and name.startswith("checkpoints/"):
        return "checkpoint"
    return "trial weights" if key in spare else "orphan"


# Of trials that have weights and no student, of jobs that have ended.
_SPARE_WEIGHTS = (
    select(Trial.weights_key)
    .join(Job, Job.id == Trial.job_id)
    .outerjoin(Student, (Student.job_id == Trial.job_id) & (Student.trial_number == Trial.number))
    .where(Job.state.in_(ENDED_STATES), Trial.weights_key.is_not(None), Student.id.is_(None))
)
_NAMING = (
    Dataset.key,
    Embedding.key,
    Job.proposer_key,
    JobTeacher.architecture_key,
    JobTeacher.splits_key,
    JobTeacher.weights_key,
    StudentFile.key,
    Teacher.architecture_key,
    Teacher.weights_key,
    Trial.weights_key,
)


def _named(session: Session) -> Iterator[str]:
    """Yields every key that a row names."""
    for column in _NAMING:
        yield from _keys(session, select(column).where(column.is_not(None)))
    samples = Dataset.summary[SAMPLES].as_string()
    yield from _keys(session, select(samples).where(samples.is_not(None)))
    for files in session.scalars(select(Teacher.files)):
        yield from (str(file["key"]) for file in files.values())


def _keys(session: Session, query: Select[str | None]) -> Iterator[str]:
    return (str(key) for key in session.scalars(query, execution_options={"yield_per": _ROWS}))
