from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.artifacts import Artifacts
from app.database import Database
from app.datasets import create_dataset
from app.job_writer import JobWriter
from app.pruning import removable
from app.records import (
    SAMPLES,
    EndState,
    Json,
    NewDataset,
    NewEmbedding,
    StoredStudentFile,
)
from tests.app.samples import RESULT, TEACHER, held_job, new_student, new_trial
from tests.app.samples_teachers import FILES, new_teacher

NOW = datetime.now(UTC)
TOMORROW = NOW + timedelta(hours=25)


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    return Artifacts(f"file://{tmp_path}/artifacts")


def _put(artifacts: Artifacts, *keys: str) -> None:
    for key in keys:
        artifacts.put_bytes(key, b"x")


def _searched(database: Database, artifacts: Artifacts) -> tuple[str, JobWriter]:
    """Returns a job of two trials, the first of which became the best student."""
    lease, writer = held_job(database)
    own = f"jobs/{lease.job_id}"
    writer.record_teacher(TEACHER)
    writer.add_trials([new_trial(0), new_trial(1)], f"{own}/proposer/1-1.safetensors")
    for number in (0, 1):
        key = f"{own}/trials/{number}"
        writer.trial_completed(number, replace(RESULT, weights_key=key))
    file = StoredStudentFile("student.pt2", f"students/{lease.job_id}/student.pt2", 1, "sha")
    writer.add_student(new_student((file,)), best=True)
    _put(
        artifacts,
        file.key,
        *(f"{own}/{name}" for name in ("proposer/1-1.safetensors", "trials/0", "trials/1")),
        *(f"{own}/{name}" for name in ("checkpoints/1", "finals/0.json", "trials/0.dead.part")),
    )
    return lease.job_id, writer


def _kinds(database: Database, artifacts: Artifacts, now: datetime) -> dict[str, str]:
    return {one.file.key: one.kind for one in removable(database, artifacts, now)}


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
def test_of_an_ended_job_its_students_and_what_rows_name_stay(
    state: EndState, database: Database, artifacts: Artifacts
) -> None:
    job_id, writer = _searched(database, artifacts)
    writer.finish(state)
    own = f"jobs/{job_id}"
    at_once = {f"{own}/checkpoints/1": "checkpoint", f"{own}/trials/1": "trial weights"}
    assert _kinds(database, artifacts, NOW) == at_once
    assert _kinds(database, artifacts, TOMORROW) == at_once | {
        f"{own}/finals/0.json": "orphan",
        f"{own}/trials/0.dead.part": "part",
    }


@pytest.mark.parametrize("is_paused", [False, True])
def test_a_job_that_goes_on_keeps_everything(
    is_paused: bool, database: Database, artifacts: Artifacts
) -> None:
    _, writer = _searched(database, artifacts)
    if is_paused:
        writer.finish("paused")
    assert _kinds(database, artifacts, TOMORROW) == {}


def test_what_no_row_names_goes_once_it_is_old(database: Database, artifacts: Artifacts) -> None:
    orphans = ["datasets/dst_1.npz", "embeddings/e", "students/s/student.pt2", "teachers/t/onnx"]
    _put(artifacts, *orphans, "datasets/dst_1.npz.dead.part")
    assert _kinds(database, artifacts, NOW) == {}
    assert _kinds(database, artifacts, TOMORROW) == {
        **dict.fromkeys(orphans, "orphan"),
        "datasets/dst_1.npz.dead.part": "part",
    }


def test_what_a_job_used_and_learned_and_what_was_uploaded_stays(
    database: Database, artifacts: Artifacts
) -> None:
    lease, writer = held_job(database)
    own = f"jobs/{lease.job_id}"
    weights, architecture, splits = (f"{own}/{name}" for name in ("teacher", "graph", "splits"))
    writer.record_teacher(
        replace(TEACHER, weights_key=weights, architecture_key=architecture, splits_key=splits)
    )
    learned = NewEmbedding("embeddings/e", "sha", 7, "zoo/resnet20", "digits", 3, 8, {})
    writer.finish("succeeded", embedding=learned)
    new_teacher(database)
    summary: Json = {SAMPLES: "datasets/dst_1.png"}
    with database.write() as session:
        create_dataset(session, "dst_1", NewDataset("d", "datasets/dst_1.npz", "sha", 3, summary))
    _put(artifacts, weights, architecture, splits, learned.key, FILES["onnx"].key)
    _put(artifacts, "datasets/dst_1.npz", "datasets/dst_1.png")
    assert _kinds(database, artifacts, TOMORROW) == {}
