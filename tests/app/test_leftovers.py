from dataclasses import replace
from pathlib import Path

import pytest

from app.artifacts import Artifacts
from app.database import Database
from app.job_writer import JobWriter
from app.leases import Lease
from app.leftovers import delete_leftovers, lately_ended
from app.records import EndState, NewEmbedding, StoredStudentFile
from app.tables import Job
from tests.app.samples import RESULT, TEACHER, held_job, new_student, new_trial

NAMED = (
    "teacher-1.safetensors",
    "architecture.json",
    "splits.npz",
    "proposer/2-1.safetensors",
    "trials/0-1-1.safetensors",
    "trials/1-1-1.safetensors",
    "students/a/student.onnx",
)
LEFT = (
    "checkpoints/1",
    "checkpoints/1.killed.part",
    "finals/0.safetensors",
    "progress.json",
    "proposer/1-1.safetensors",
    "students/b/student.onnx",
    "teacher-2.safetensors",
    "trials/0-1-2.safetensors",
)


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    return Artifacts(f"file://{tmp_path}/artifacts")


@pytest.fixture
def held(database: Database, artifacts: Artifacts) -> tuple[Lease, JobWriter]:
    """A job with two completed trials, of which the first is a student, and much left over."""
    lease, writer = held_job(database)
    folder = f"jobs/{lease.job_id}"
    writer.record_teacher(
        replace(
            TEACHER,
            weights_key=f"{folder}/teacher-1.safetensors",
            architecture_key=f"{folder}/architecture.json",
            splits_key=f"{folder}/splits.npz",
        )
    )
    writer.add_trials([new_trial(0), new_trial(1)], f"{folder}/proposer/2-1.safetensors")
    for number in range(2):
        key = f"{folder}/trials/{number}-1-1.safetensors"
        writer.trial_completed(number, replace(RESULT, weights_key=key))
    file = StoredStudentFile("student.onnx", f"{folder}/students/a/student.onnx", 1, "0")
    writer.add_student(new_student((file,)), best=True)
    for name in NAMED + LEFT:
        artifacts.put_bytes(f"{folder}/{name}", b"bytes")
    artifacts.put_bytes("jobs/job_other/checkpoints/1", b"bytes")
    for fence in (1, 2):
        artifacts.put_bytes(f"embeddings/{lease.job_id}-{fence}.safetensors", b"bytes")
    return lease, writer


def _left(artifacts: Artifacts, job_id: str) -> list[str]:
    folder = f"jobs/{job_id}"
    return sorted(file.key.removeprefix(f"{folder}/") for file in artifacts.files(folder))


def test_of_a_succeeded_job_stays_what_its_rows_name_without_spare_weights(
    database: Database, artifacts: Artifacts, held: tuple[Lease, JobWriter]
) -> None:
    lease, writer = held
    embedding = NewEmbedding(f"embeddings/{lease.job_id}-1.safetensors", "0", 1, "t", "d", 2, 1, {})
    writer.finish("succeeded", embedding=embedding)
    with database.write() as session:
        session.get_one(Job, lease.job_id).fence = 2  # another one was killed as it stored its own
    assert delete_leftovers(database, artifacts, lease.job_id) == len(LEFT) + 2
    assert _left(artifacts, lease.job_id) == sorted(set(NAMED) - {"trials/1-1-1.safetensors"})
    assert artifacts.exists("jobs/job_other/checkpoints/1")
    assert artifacts.keys("embeddings") == [f"embeddings/{lease.job_id}-1.safetensors"]
    assert delete_leftovers(database, artifacts, lease.job_id) == 0


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_of_another_ended_job_all_weights_on_record_stay(
    state: EndState, database: Database, artifacts: Artifacts, held: tuple[Lease, JobWriter]
) -> None:
    lease, writer = held
    writer.finish(state)
    delete_leftovers(database, artifacts, lease.job_id)
    assert _left(artifacts, lease.job_id) == sorted(NAMED)


def test_of_an_uploaded_teacher_all_weights_are_kept_for_the_next_job(
    database: Database, artifacts: Artifacts, held: tuple[Lease, JobWriter]
) -> None:
    lease, writer = held
    writer.finish("succeeded")
    with database.write() as session:
        job = session.get_one(Job, lease.job_id)
        job.request = job.request | {"teacher": {"id": "tch_1"}}
    delete_leftovers(database, artifacts, lease.job_id)
    assert _left(artifacts, lease.job_id) == sorted(NAMED)


@pytest.mark.parametrize("paused", [False, True])
def test_of_a_job_that_goes_on_nothing_is_deleted(
    paused: bool, database: Database, artifacts: Artifacts, held: tuple[Lease, JobWriter]
) -> None:
    lease, writer = held
    if paused:
        writer.finish("paused")
    assert delete_leftovers(database, artifacts, lease.job_id) == 0
    assert _left(artifacts, lease.job_id) == sorted(NAMED + LEFT)


def test_jobs_that_ended_of_late_are_told(database: Database) -> None:
    held_job(database)
    lease, writer = held_job(database)
    writer.finish("failed")
    with database.read() as session:
        assert lately_ended(session, 60.0) == [lease.job_id]
        assert lately_ended(session, -60.0) == []
