"""Jobs with a latency limit, carried out by a real coordinator on a real Ray."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.artifacts import Artifacts
from app.database import Database
from app.records import JobRecord
from app.students import get_student
from networks import LatencySetting
from networks.latency import Runtime
from tests.workers.jobs import add_job, first_job, pointers, read_job, read_trials
from workers.latency_measurement import measure_architecture

pytestmark = [pytest.mark.cluster, pytest.mark.slow]
POLL_S = 0.2
LONG_S = 400
ENDS = ("succeeded", "failed", "cancelled")
EVALUATIONS = 4


@pytest.fixture
def ended(ray_address: str, home: Path, database: Database) -> Iterator[Callable[[str], JobRecord]]:
    """Waits until a coordinator has brought a job to its end."""
    environment = {
        **os.environ,
        "STILLHOUSE_HOME": str(home),
        "STILLHOUSE_RAY_ADDRESS": ray_address,
    }
    process = subprocess.Popen([sys.executable, "-m", "workers"], env=environment)

    def wait(job_id: str) -> JobRecord:
        deadline = time.monotonic() + LONG_S
        while time.monotonic() < deadline and process.poll() is None:
            if (job := read_job(database, job_id)).state in ENDS:
                return job
            time.sleep(POLL_S)
        pytest.fail(f"{job_id} has not ended")

    yield wait
    process.terminate()
    process.wait(LONG_S)


@pytest.mark.parametrize("runtime", ["pytorch", "onnxruntime"])
def test_every_trial_and_the_best_student_keep_the_limit(
    database: Database,
    artifacts: Artifacts,
    ended: Callable[[str], JobRecord],
    runtime: Runtime,
) -> None:
    template = first_job(database)
    assert template is not None
    assert template.teacher is not None
    teacher = artifacts.read_bytes(template.teacher.architecture_key).decode()
    limit_ms = 0.6 * measure_architecture(teacher, LatencySetting(runtime)).median_ms
    job_id = add_job(
        database,
        artifacts,
        constraints={"latency_ms": limit_ms},
        latency={"runtime": runtime},
        search={"evaluations": EVALUATIONS, "strategy": "embedding", "kernels": 2},
    )
    job = ended(job_id)
    assert (job.state, job.error) == ("succeeded", None)
    trials = read_trials(database, job_id)
    assert len(trials) == EVALUATIONS
    assert all(t.latency_ms is not None and 0 < t.latency_ms <= limit_ms for t in trials)
    assert job.teacher is not None
    assert job.teacher.latency_ms is not None
    with database.read() as session:
        best = get_student(session, str(job.best_student_id))
    assert best.final
    assert best.latency_ms is not None
    assert 0 < best.latency_ms <= limit_ms
    (key,) = [file.key for file in best.files if file.name == "report.json"]
    latency = json.loads(artifacts.read_bytes(key))["latency"]
    assert latency["limit_ms"] == limit_ms
    assert latency["predictor"]["measured"] >= EVALUATIONS


def test_a_limit_that_cannot_be_kept_ends_the_job_before_a_teacher_is_trained(
    database: Database, artifacts: Artifacts, ended: Callable[[str], JobRecord]
) -> None:
    job_id = add_job(
        database,
        artifacts,
        trained=False,
        constraints={"latency_ms": 1e-4},
        latency={"runtime": "pytorch"},
    )
    job = ended(job_id)
    assert job.state == "failed"
    assert job.teacher is None
    assert pointers(job.error) == ["#/constraints/latency_ms"]
    assert read_trials(database, job_id) == []
