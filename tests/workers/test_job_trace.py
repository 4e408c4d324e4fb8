"""One trace, from the request that makes a job to what its trials do on a worker."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
import ray
from fastapi.testclient import TestClient

from app.api import create_app
from app.artifacts import Artifacts
from app.database import Database
from app.services import Services
from app.settings import Settings
from app.tables import JobTeacher
from tests.app.conftest import URL_OF_API
from tests.spans import Spans, trace_of
from tests.workers.jobs import NEVER_S, TRAINING, first_job, quick_student_files, read_job
from workers.__main__ import connect
from workers.coordinator import Coordinator
from workers.metrics import REGISTRY

pytestmark = pytest.mark.cluster
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture(autouse=True)
def _connected(ray_address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("workers.offering.make_student_files", quick_student_files)
    connect(ray_address)
    yield
    ray.shutdown()


def _submit(database: Database, artifacts: Artifacts, home: Path) -> str:
    """Returns the id of a small job that was sent over HTTP; its teacher is trained."""
    settings = Settings.from_environment({"STILLHOUSE_HOME": str(home)})
    client = TestClient(create_app(Services(settings, database, artifacts)), base_url=URL_OF_API)
    template = first_job(database)
    assert template is not None
    assert template.teacher is not None
    wanted = {
        "teacher": {"network": "zoo/resnet20"},
        "dataset": {"id": template.request.dataset.id},
        "training": TRAINING,
        "search": {"strategy": "random", "evaluations": 2, "parallel": 1},
    }
    sent = {"traceparent": PARENT, "X-Request-Id": "mine"}
    job: str = client.post("/v1/jobs", json=wanted, headers=sent).json()["id"]
    with database.write() as session:
        session.add(JobTeacher(job_id=job, **asdict(template.teacher)))
    return job


def test_a_trial_is_of_the_trace_that_the_client_began(
    database: Database, artifacts: Artifacts, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spans = Spans(monkeypatch)
    ended = REGISTRY.get_sample_value("stillhouse_jobs_ended_total", {"state": "succeeded"})
    job = _submit(database, artifacts, home)
    assert Coordinator(database, artifacts, lease_s=NEVER_S).run_one()
    assert read_job(database, job).state == "succeeded"
    trials = spans.named("run_trial")
    numbers = [(span.attributes or {})["stillhouse.trial"] for span in trials]
    assert numbers[:2] == [0, 1]
    request = ["job", "POST /v1/jobs"]
    assert [spans.path(span) for span in trials] == [
        ["run_trial", "search", *request],
        ["run_trial", "search", *request],
        ["run_trial", "finish", *request],
    ]
    assert {trace_of(span) for span in trials} == {0x4BF92F3577B34DA6A3CE929D0E0E4736}
    assert ["run", "run_trial", "search", *request] in map(spans.path, spans.named("run"))
    for name in ("propose", "prepare", "teacher_logits", "quick_student_files"):
        assert spans.path(spans.named(name)[0])[-2:] == request
    told = spans.one("job").attributes or {}
    assert (told["stillhouse.job_id"], told["stillhouse.state"]) == (job, "succeeded")
    after = REGISTRY.get_sample_value("stillhouse_jobs_ended_total", {"state": "succeeded"})
    assert (after or 0) - (ended or 0) == 1
