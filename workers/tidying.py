"""What an ended job leaves behind: checkpoints, and weights of trials that became no student."""

from __future__ import annotations

import logging

from app.artifacts import Artifacts
from app.database import Database
from app.jobs import get_job
from app.students import list_students
from app.trials import list_trials

log = logging.getLogger(__name__)


def delete_checkpoints(artifacts: Artifacts, job_id: str) -> None:
    """Deletes what an ended job's trainings kept on the way; what goes wrong is logged."""
    try:
        artifacts.delete_folder(f"jobs/{job_id}/checkpoints")
    except Exception:
        log.exception("%s: not all checkpoints were deleted", job_id)


def delete_spare_weights(database: Database, artifacts: Artifacts, job_id: str) -> None:
    """Deletes the weights of a succeeded job's trials that became no student.

    Its search and its finishing read them no more. Those of an uploaded teacher's students stay:
    the next job on that teacher may take them over.
    Whatever goes wrong is logged and costs space alone: the job has ended.
    """
    try:
        with database.read() as session:
            if get_job(session, job_id).request.teacher.id is not None:
                return
            trials = list_trials(session, job_id)
            kept = {student.trial_number for student in list_students(session, job_id)}
        for trial in trials:
            if trial.weights_key is not None and trial.number not in kept:
                artifacts.delete(trial.weights_key)
    except Exception:
        log.exception("%s: not all spare weights were deleted", job_id)
