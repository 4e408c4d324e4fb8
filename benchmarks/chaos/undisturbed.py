"""The same jobs again without a fault: with one worker, the same seed gives the same trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from app.artifacts import Artifacts
from app.database import Database
from app.jobs import create_job, get_job
from app.records import JobRecord, TrialRecord
from app.tables import JobTeacher
from app.trials import list_trials
from benchmarks.chaos.audit import Audit
from benchmarks.chaos.installation import installed

_LEASE_S = 30.0
_LONGEST_S = 600.0  # of a job


def audit_trials(
    home: Path, database: Database, artifacts: Artifacts, job_ids: Sequence[str], audit: Audit
) -> int:
    """Runs the jobs of one worker again in a new home and compares their trials.

    They begin with their teachers, as these are on record: which number type a teacher is trained
    in is chosen by timing, so another run's may be another teacher.

    Returns:
        How many jobs were compared.
    """
    with database.read() as session:
        jobs = [get_job(session, job_id) for job_id in job_ids]
    alone = [job for job in jobs if job.request.search.parallel == 1 and job.state == "succeeded"]
    url = f"sqlite:///{home}/stillhouse.db"
    with installed(home, url, _LEASE_S, coordinators=1) as installation:
        again = Database(url)
        copies = Artifacts(f"file://{home}/artifacts")
        for job in alone:
            copy_id = _submit_again(again, job, artifacts, copies)
            installation.wait_until(partial(_has_ended, again, copy_id), _LONGEST_S)
            if _state(again, copy_id) != "succeeded":
                audit.different.append(f"{job.id}: the undisturbed run {copy_id} did not succeed")
                continue
            disturbed, undisturbed = _trials(database, job.id), _trials(again, copy_id)
            audit.different += _differences(job.id, disturbed, undisturbed)
        again.close()
    return len(alone)


def _submit_again(database: Database, job: JobRecord, source: Artifacts, target: Artifacts) -> str:
    teacher = job.teacher
    assert teacher is not None
    for key in (teacher.weights_key, teacher.architecture_key, teacher.splits_key):
        target.put_bytes(key, source.read_bytes(key))
    with database.write() as session:
        job_id = create_job(session, job.request)
        session.add(JobTeacher(job_id=job_id, **asdict(teacher)))
    return job_id


def _state(database: Database, job_id: str) -> str:
    with database.read() as session:
        return get_job(session, job_id).state


def _has_ended(database: Database, job_id: str) -> bool:
    return _state(database, job_id) in ("succeeded", "failed")


def _trials(database: Database, job_id: str) -> list[TrialRecord]:
    with database.read() as session:
        return list_trials(session, job_id)


def _differences(
    job_id: str, disturbed: Sequence[TrialRecord], undisturbed: Sequence[TrialRecord]
) -> list[str]:
    """Returns a line for each trial whose student, seed or result is another."""
    lines = []
    for one, other in zip(disturbed, undisturbed, strict=False):
        if _result(one) != _result(other):
            lines.append(f"{job_id} trial {one.number}: {_result(one)}, not {_result(other)}")
    if len(disturbed) != len(undisturbed):
        lines.append(f"{job_id}: {len(disturbed)} trials, not {len(undisturbed)}")
    return lines


def _result(trial: TrialRecord) -> tuple[object, ...]:
    return (trial.number, trial.hash, trial.seed, trial.state, trial.accuracy, trial.curve)
