"""An uploaded teacher, from the HTTP request to a student, with everything real."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.api import create_app
from app.services import Services
from app.settings import Settings
from tests.workers.jobs import first_job

pytestmark = pytest.mark.cluster
POLL_S = 0.2
LONG_S = 240


@contextmanager
def _coordinator(home: Path, ray_address: str) -> Iterator[None]:
    environment = os.environ | {"STILLHOUSE_HOME": str(home), "RAY_ADDRESS": ray_address}
    with (home / "log").open("ab") as log:
        command = [sys.executable, "-m", "workers"]
        started = subprocess.Popen(command, env=environment, stderr=log, start_new_session=True)
    try:
        yield
        started.send_signal(signal.SIGTERM)
        assert started.wait(30) == 0
    finally:
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)


@pytest.fixture
def client(home: Path) -> Iterator[TestClient]:
    settings = Settings.from_environment({"STILLHOUSE_HOME": str(home)})
    app = create_app(Services.open(settings))
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        yield client


def _until(client: TestClient, path: str, states: set[str], home: Path) -> dict[str, Any]:
    for _ in range(int(LONG_S / POLL_S)):
        body: dict[str, Any] = client.get(path).json()
        if body["state"] in states:
            return body
        time.sleep(POLL_S)
    pytest.fail((home / "log").read_text())


def test_a_teacher_is_uploaded_checked_and_compressed(
    home: Path, client: TestClient, ray_address: str
) -> None:
    services: Services = client.app.state.services  # type: ignore[attr-defined]
    job = first_job(services.database)
    assert job is not None
    assert job.teacher is not None
    read = services.artifacts.read_bytes
    files = {
        "architecture": ("architecture.json", read(job.teacher.architecture_key)),
        "weights": ("two digits.safetensors", read(job.teacher.weights_key)),
    }
    with _coordinator(home, ray_address):
        taken = client.post("/v1/teachers", files=files)
        assert taken.status_code == 201, taken.text
        path = f"/v1/teachers/{taken.json()['id']}"
        teacher = _until(client, path, {"ready", "rejected"}, home)
        assert teacher["error"] is None
        assert (teacher["name"], teacher["summary"]["classes"]) == ("two digits", 2)
        request = {
            "teacher": {"id": teacher["id"]},
            "dataset": {"id": job.request.dataset.id},
            "constraints": {"params_ratio": 0.5},
            "search": {"strategy": "random", "evaluations": 2},
            "training": {"search_epochs": 1, "final_epochs": 1, "final_students": 1},
        }
        submitted = client.post("/v1/jobs", json=request)
        assert submitted.status_code == 202, submitted.text
        path = f"/v1/jobs/{submitted.json()['id']}"
        done = _until(client, path, {"succeeded", "failed"}, home)
    assert (done["state"], done["error"]) == ("succeeded", None)
    assert done["teacher"]["params"] == teacher["summary"]["params"]
    assert done["teacher"]["accuracy"] > 0.9
    assert done["best"]["accuracy"] > 0.6
    assert done["best"]["params_ratio"] <= 0.5
    best = client.get(f"{path}/best").json()
    assert {"student.pt2", "architecture.json"} <= {file["name"] for file in best["files"]}
    (report,) = [file for file in best["files"] if file["name"] == "report.json"]
    told = client.get(report["href"]).json()
    assert told["teacher"]["network"] == teacher["id"]
    assert told["preprocessing"] == job.teacher.preprocessing
