"""What is left when all faults were given: every result once, every artifact with its row."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import fsspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.artifacts import Artifacts
from app.database import Database
from app.tables import Embedding, Job, JobTeacher, Student, StudentFile, Trial
from benchmarks.chaos.record import ENDED, Record
from stillhouse.client import Client
from stillhouse.errors import StillhouseError

_OF_EVERY_JOB = ("progress.json",)


@dataclass
class Audit:
    """What was found, each as a line that says where.

    Attributes:
        lost: jobs that did not succeed, evaluations that are missing, failed trials.
        duplicated: second results of a trial, second trials of a student.
        orphans: artifacts without a row, and rows without their artifact.
        damaged: best students whose files are not what the API says.
        different: trials of one worker that an undisturbed run doesn't have.
        trials: how many were looked at.
    """

    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    trials: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        found = (self.lost, self.duplicated, self.orphans, self.damaged, self.different)
        return not any(found)


def audit_rows(record: Record, job_ids: list[str], audit: Audit) -> None:
    """Looks at every job's trials: as many as asked, each with one result."""
    second = record.second_results()
    audit.duplicated += [f"{second} second results"] if second else []
    with record.database.read() as session:
        for job_id in job_ids:
            _audit_job(session, job_id, audit)


def _audit_job(session: Session, job_id: str, audit: Audit) -> None:
    job = session.get_one(Job, job_id)
    trials = session.scalars(select(Trial).where(Trial.job_id == job_id)).all()
    audit.trials += len(trials)
    asked = int(job.request["search"]["evaluations"])
    if job.state != "succeeded":
        audit.lost.append(f"{job_id} {job.state}: {job.error}")
    results = {t.number for t in trials if t.state in ENDED}
    audit.lost += [f"{job_id} trial {n} has no result" for n in sorted(set(range(asked)) - results)]
    audit.lost += [f"{job_id} trial {t.number}: {t.error}" for t in trials if t.state == "failed"]
    audit.duplicated += [f"{job_id} trial {t.number} is one too many" for t in trials[asked:]]
    same = len(trials) - len({trial.hash for trial in trials})
    audit.duplicated += [f"{job_id}: {same} students were tried twice"] if same else []


def audit_artifacts(database: Database, artifacts: Artifacts, audit: Audit) -> None:
    """Looks for artifacts that no row names, and for rows whose artifact is gone."""
    needed, known = _named(database)
    stored = _stored(artifacts)
    audit.orphans += [f"{key}: no row names it" for key in sorted(stored - needed - known)]
    audit.orphans += [f"{key}: named, but gone" for key in sorted(needed - stored)]


def audit_students(url: str, job_ids: list[str], audit: Audit) -> None:
    """Downloads every job's best student; the client compares sizes and SHA-256."""
    with Client(url) as client, tempfile.TemporaryDirectory() as folder:
        for job_id in job_ids:
            try:
                client.job(job_id).download(Path(folder) / job_id)
            except StillhouseError as error:
                audit.damaged.append(f"{job_id}: {error}")


def _named(database: Database) -> tuple[set[str], set[str]]:
    """Returns the keys that must be there, and those that may.

    A succeeded job's trials that became no student have given up their weights. What a job keeps
    under names of its own is known by the job.
    """
    with database.read() as session:
        needed = {str(key) for key in session.scalars(select(StudentFile.key))}
        needed |= {str(key) for key in session.scalars(select(Embedding.key))}
        for teacher in session.scalars(select(JobTeacher)):
            needed |= {teacher.weights_key, teacher.architecture_key, teacher.splits_key}
        jobs = {job.id: job for job in session.scalars(select(Job))}
        needed |= {job.proposer_key for job in jobs.values() if job.proposer_key is not None}
        students = {(s.job_id, s.trial_number): s.final for s in session.scalars(select(Student))}
        finals = {of for of, final in students.items() if final}
        known = {f"jobs/{job_id}/{name}" for job_id in jobs for name in _OF_EVERY_JOB}
        for job_id, number in finals:
            known |= {f"jobs/{job_id}/finals/{number}.{x}" for x in ("json", "safetensors")}
        for trial in session.scalars(select(Trial).where(Trial.weights_key.is_not(None))):
            spare = (trial.job_id, trial.number) not in students
            if not spare or jobs[trial.job_id].state != "succeeded":
                needed.add(str(trial.weights_key))
    return needed, known


def _stored(artifacts: Artifacts) -> set[str]:
    filesystem, root = fsspec.core.url_to_fs(artifacts.url)
    return {str(path).removeprefix(f"{root}/") for path in filesystem.find(root)}
