"""What an ended job left in the artifact store that no row names."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.artifacts import Artifacts
from app.clock import DatabaseTime
from app.database import Database
from app.job_states import ENDED_STATES
from app.jobs import get_job
from app.problems import NotFound
from app.records import JobRecord
from app.students import list_students
from app.tables import Embedding, Job
from app.trials import list_trials


def delete_leftovers(database: Database, artifacts: Artifacts, job_id: str) -> int:
    """Deletes the artifacts of an ended job that nobody will read again.

    They are checkpoints, what the search and the final training kept for whoever goes on with the
    job, files that a killed process had not put on record, and the weights of a succeeded job's
    trials that became no student. Those of an uploaded teacher's students stay: the next job on
    that teacher may take them over.

    Returns:
        How many were deleted: none of a job that hasn't ended, for somebody may be writing them.
    """
    with database.read() as session:
        try:
            job = get_job(session, job_id)
        except NotFound:  # deleted, with all that it had
            return 0
        if job.state not in ENDED_STATES:
            return 0
        named = _named(session, job)
    unnamed = sorted(stored_of(artifacts, job.id, job.fence) - named)
    for key in unnamed:
        artifacts.delete(key)
    return len(unnamed)


def lately_ended(session: Session, within_s: float) -> list[str]:
    """Returns the jobs that ended in the last `within_s` seconds."""
    since = Job.finished_at >= DatabaseTime(-within_s)
    return list(session.scalars(select(Job.id).where(Job.state.in_(ENDED_STATES), since)))


def _named(session: Session, job: JobRecord) -> set[str]:
    """Returns the keys that the job's rows name, but for weights that are spare."""
    students = list_students(session, job.id)
    offered = {student.trial_number for student in students}
    may_be_reused = job.state != "succeeded" or job.request.teacher.id is not None
    named = {file.key for student in students for file in student.files}
    named |= {
        trial.weights_key
        for trial in list_trials(session, job.id)
        if trial.weights_key is not None and (may_be_reused or trial.number in offered)
    }
    if job.teacher is not None:
        teacher = job.teacher
        named |= {teacher.weights_key, teacher.architecture_key, teacher.splits_key}
    if job.proposer_key is not None:
        named.add(job.proposer_key)
    named |= set(session.scalars(select(Embedding.key).where(Embedding.job_id == job.id)))
    return named


def stored_of(artifacts: Artifacts, job_id: str, fence: int) -> set[str]:
    """Returns the keys of the job's folder, and of the embeddings that its coordinators stored."""
    own = (file.key for file in artifacts.files(f"jobs/{job_id}"))
    embeddings = (f"embeddings/{job_id}-{one + 1}.safetensors" for one in range(fence))
    return {*own, *filter(artifacts.exists, embeddings)}
