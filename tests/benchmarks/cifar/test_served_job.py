from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from benchmarks.cifar import served_job
from benchmarks.cifar.served_job import Watched, carry_out
from benchmarks.cifar.subject import Subject
from stillhouse import Client, JobFailed
from stillhouse.documents import JobStatus, Trial
from stillhouse.following import Look
from stillhouse.serving import Place
from tests.stillhouse.fake_server import (
    JOB_ID,
    FakeServer,
    announced,
    job_document,
    trial_document,
)

REPORT = {"student": {"test_accuracy": 0.5}}


def _look(elapsed_s: float, state: str, stage: str, *states: str) -> Look:
    progress = job_document()["progress"] | {"stage": stage}
    status = JobStatus.read(job_document(state=state, progress=progress))
    trials = tuple(Trial.read(trial_document(n, state=x)) for n, x in enumerate(states))
    return Look(status, trials, elapsed_s)


def test_trials_end_when_they_are_first_seen_so() -> None:
    watched = Watched.of(
        [
            _look(0.5, "preparing", "loading the dataset"),
            _look(9.0, "searching", "training students", "running", "queued"),
            _look(12.0, "searching", "training students", "running", "completed", "running"),
            _look(15.0, "searching", "training students", "stopped", "completed", "failed"),
            _look(30.0, "finishing", "reading the test split", "stopped", "completed", "failed"),
            _look(31.0, "succeeded", "succeeded", "stopped", "completed", "failed"),
        ]
    )
    assert [(x.number, x.ended_s, x.score) for x in watched.ended.values()] == [
        (1, 12.0, 0.95),
        (0, 15.0, None),
        (2, 15.0, None),
    ]
    assert watched.since["searching"] == watched.since["training students"] == 9.0
    assert watched.since["reading the test split"] == 30.0
    assert watched.wall_s == 31.0


@dataclass
class _Tested(FakeServer):
    """Whose best student was tested."""

    def _best(self) -> httpx.Response:
        best = job_document()["best"] | {"id": "std_1", "job": JOB_ID, "final": True}
        found = best | {"test_accuracy": 0.5, "files": announced("std_1", self.files or {})}
        return httpx.Response(200, json=found)


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    (tmp_path / "teacher.safetensors").write_bytes(b"weights")
    (tmp_path / "cifar-10.npz").write_bytes(b"images")
    names = ("cifar-10.npz", "teacher.safetensors")
    archive, teacher = (tmp_path / name for name in names)
    return Subject(archive, "c0", teacher, "{}", None)  # type: ignore[arg-type]


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[list[Place], _Tested]]:
    found: list[Place] = []
    fake = _Tested(files={"report.json": json.dumps(REPORT).encode()})

    @contextmanager
    def serving(place: Place, *_: object) -> Iterator[SimpleNamespace]:
        found.append(place)
        assert not place.home.exists() or not any(place.home.iterdir())
        yield SimpleNamespace(watch=lambda _: None)

    monkeypatch.setattr(served_job, "serving", serving)
    monkeypatch.setattr(
        served_job, "Client", lambda url, **_: Client(url, transport=fake.transport)
    )
    monkeypatch.setenv("STILLHOUSE_DATABASE_URL", "postgresql://elsewhere")
    yield found, fake
    assert all(not place.home.exists() for place in found)


def test_a_job_has_a_server_and_a_home_of_its_own(
    places: tuple[list[Place], _Tested], subject: Subject
) -> None:
    found, fake = places
    fake.jobs = [job_document(), job_document(), job_document(state="succeeded")]
    done = carry_out(subject, lambda teacher, dataset: {"t": teacher, "d": dataset})
    fake.jobs = [job_document(state="succeeded")]
    carry_out(subject, lambda teacher, dataset: {"t": teacher, "d": dataset})
    assert fake.bodies("/v1/jobs") == [{"t": "tch_1", "d": "dst_1"}] * 2
    assert len({place.home for place in found}) == 2
    assert "STILLHOUSE_DATABASE_URL" not in found[0].environment
    assert done.report == REPORT
    assert (done.final.trial, done.final.test_accuracy, done.final.params) == (1, 0.5, 9_510)
    assert [x.number for x in done.watched.ended.values()] == [0, 1, 2]


def test_a_job_that_fails_is_told(
    places: tuple[list[Place], _Tested], subject: Subject, capsys: pytest.CaptureFixture[str]
) -> None:
    _, fake = places
    fake.jobs = [job_document(), job_document(state="failed", error={"detail": "no memory"})]
    with pytest.raises(JobFailed, match="no memory"):
        carry_out(subject, lambda *_: {})
    assert "the coordinator has no log" in capsys.readouterr().err
