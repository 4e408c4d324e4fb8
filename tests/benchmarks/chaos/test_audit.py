"""An audit finds what was done to a job on purpose, and nothing in one that is whole."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.artifacts import Artifacts
from app.database import Database
from app.job_writer import JobWriter
from app.leases import Lease
from app.records import StoredStudentFile, TeacherRecord
from app.tables import Trial
from benchmarks.chaos.audit import Audit, audit_artifacts, audit_rows
from benchmarks.chaos.record import Record
from tests.app.samples import RESULT, TEACHER, held_job, new_student, new_trial

SEARCH = {"search": {"evaluations": 2}}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/stillhouse.db")
    database.upgrade()
    Record(database).note_results()
    yield database
    database.close()


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    return Artifacts(f"file://{tmp_path}/artifacts")


@pytest.fixture
def held(database: Database, artifacts: Artifacts) -> tuple[Lease, JobWriter]:
    """A job with all it was asked for, which has not ended yet."""
    lease, writer = held_job(database, **SEARCH)
    folder = f"jobs/{lease.job_id}"
    keys = [f"{folder}/{name}" for name in ("weights", "architecture", "splits")]
    of_teacher = {"weights_key": keys[0], "architecture_key": keys[1], "splits_key": keys[2]}
    writer.record_teacher(TeacherRecord(**vars(TEACHER) | of_teacher))
    writer.add_trials([new_trial(0), new_trial(1)], None)
    for number in range(2):
        writer.trial_started(number)
        writer.trial_completed(number, replace(RESULT, weights_key=f"{folder}/{number}"))
    file = StoredStudentFile("student.onnx", f"{folder}/student.onnx", 1, "0")
    writer.add_student(new_student((file,)), best=True)
    for key in (*keys, f"{folder}/0", f"{folder}/student.onnx"):
        artifacts.put_bytes(key, b"bytes")
    return lease, writer


def _audit(database: Database, artifacts: Artifacts, job_id: str) -> Audit:
    audit = Audit()
    audit_rows(Record(database), [job_id], audit)
    audit_artifacts(database, artifacts, audit)
    return audit


def test_a_whole_job_is_clean(
    database: Database, artifacts: Artifacts, held: tuple[Lease, JobWriter]
) -> None:
    lease, writer = held
    writer.finish("succeeded")
    audit = _audit(database, artifacts, lease.job_id)
    assert (audit, audit.is_clean) == (Audit(trials=2), True)


def test_a_job_that_did_not_succeed_is_lost(
    database: Database, artifacts: Artifacts, held: tuple[Lease, JobWriter]
) -> None:
    lease, writer = held
    writer.finish("failed", {"detail": "no progress"})
    artifacts.put_bytes(f"jobs/{lease.job_id}/1", b"bytes")
    audit = _audit(database, artifacts, lease.job_id)
    assert [line.startswith(f"{lease.job_id} failed") for line in audit.lost] == [True]
    assert not audit.is_clean


def test_an_evaluation_without_a_result_is_lost(
    database: Database, artifacts: Artifacts, held: tuple[Lease, JobWriter]
) -> None:
    lease, writer = held
    with database.write() as session:
        session.delete(session.get_one(Trial, (lease.job_id, 1)))
    writer.finish("succeeded")
    audit = _audit(database, artifacts, lease.job_id)
    assert audit.lost == [f"{lease.job_id} trial 1 has no result"]


def test_a_second_result_is_noted_by_the_database(
    database: Database, artifacts: Artifacts, held: tuple[Lease, JobWriter]
) -> None:
    lease, writer = held
    with database.write() as session:
        session.get_one(Trial, (lease.job_id, 1)).state = "stopped"
    writer.finish("succeeded")
    assert _audit(database, artifacts, lease.job_id).duplicated == ["1 second results"]


def test_artifacts_and_rows_without_each_other_are_orphans(
    database: Database, artifacts: Artifacts, held: tuple[Lease, JobWriter]
) -> None:
    lease, writer = held
    writer.finish("succeeded")
    artifacts.put_bytes(f"jobs/{lease.job_id}/checkpoints/1", b"bytes")
    artifacts.delete(f"jobs/{lease.job_id}/student.onnx")
    assert _audit(database, artifacts, lease.job_id).orphans == [
        f"jobs/{lease.job_id}/checkpoints/1: no row names it",
        f"jobs/{lease.job_id}/student.onnx: named, but gone",
    ]
