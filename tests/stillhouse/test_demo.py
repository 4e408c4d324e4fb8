from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from stillhouse import Client, JobFailed, demo
from stillhouse.serving import Place
from tests.stillhouse.fake_server import JOB_ID, FakeServer, job_document

REPORT = {"student": {"test_accuracy": 0.96}, "teacher": {"test_accuracy": 0.98}}


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, fake: FakeServer) -> list[Place]:
    """Runs the demonstration against the fake server; returns where it thinks it serves."""
    places: list[Place] = []

    @contextmanager
    def serving(place: Place, *_: object) -> Iterator[SimpleNamespace]:
        places.append(place)
        yield SimpleNamespace(watch=lambda _: None)

    def client(url: str, **_: object) -> Client:
        return Client(url, transport=fake.transport)

    def program(module: str) -> list[str]:
        writes = "import sys; open(sys.argv[-1], 'w').write(' '.join(sys.argv[1:-1]))"
        return [sys.executable, "-c", writes, module]

    monkeypatch.setattr(demo, "serving", serving)
    monkeypatch.setattr(demo, "Client", client)
    monkeypatch.setattr(demo, "program", program)
    fake.files = {"student.pt2": b"graph", "report.json": json.dumps(REPORT).encode()}
    fake.jobs = [job_document(state="succeeded")]
    return places


def test_a_demonstration_leaves_files_and_a_result(
    place: list[Place], fake: FakeServer, tmp_path: Path
) -> None:
    environment = {"PATH": "/bin", "STILLHOUSE_DATABASE_URL": "x://", "RAY_ADDRESS": "x"}
    svg = tmp_path / "run.svg"
    result = demo.run(tmp_path / "demo", environment, Console(file=StringIO()), svg)
    assert fake.bodies("/v1/jobs") == [demo.REQUEST]
    assert place[0].home == tmp_path / "demo" / "home"
    assert place[0].environment == {"PATH": "/bin"}
    assert (tmp_path / "demo" / "test.pt").read_text() == f"workers.test_split {JOB_ID}"
    assert (tmp_path / "demo" / "student.pt2").read_bytes() == b"graph"
    assert svg.exists()
    line = demo.result_line(result)
    assert json.loads(line.removeprefix("RESULT ")) == {
        "job": JOB_ID,
        "score": 0.9912,
        "accuracy": 0.9777,
        "test_accuracy": 0.96,
        "teacher_test_accuracy": 0.98,
        "params_ratio": 0.0349,
        "evaluations": 3,
        "wall_s": result.wall_s,
        "directory": str(tmp_path / "demo"),
    }
    assert "\n" not in line


def test_a_job_that_an_interrupted_demonstration_left_is_ended(
    place: list[Place], fake: FakeServer, tmp_path: Path
) -> None:
    fake.jobs = [job_document(state="searching"), job_document(state="succeeded")]
    with pytest.raises(JobFailed):  # the fake server has one job, which is then cancelled
        demo.run(tmp_path, {}, Console(file=StringIO()), None)
    assert fake.bodies(f"/v1/jobs/{JOB_ID}/cancel") == [None]
    assert place[0].quiet


@pytest.mark.usefixtures("place")
def test_a_failed_job_fails_the_demonstration(fake: FakeServer, tmp_path: Path) -> None:
    fake.jobs = [job_document(state="failed", error={"detail": "no better than chance"})]
    with pytest.raises(JobFailed, match="no better than chance"):
        demo.run(tmp_path, {}, Console(file=StringIO()), None)


@pytest.mark.usefixtures("place")
def test_a_test_split_that_can_not_be_written_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    failing = [sys.executable, "-c", "raise SystemExit('no splits')"]
    monkeypatch.setattr(demo, "program", lambda _: failing)
    with pytest.raises(demo.DemoFailed, match="no splits"):
        demo.run(tmp_path, {}, Console(file=StringIO()), None)


def test_the_summary_shows_a_command_that_can_be_pasted() -> None:
    result = demo.Result(JOB_ID, 0.99, 0.97, 0.96, 0.98, 0.0349, 24, 200.4, "/demo")
    console = Console(file=StringIO(), record=True, width=400)
    console.print(demo.summary(result), soft_wrap=True)
    text = console.export_text()
    assert "In 200 s and 24 trials" in text
    assert "3.49% of its parameters" in text
    assert "98.0% of its test accuracy" in text
    assert "/demo/report.html" in text
    (command,) = [line for line in text.splitlines() if " -c " in line]
    source = command.split(f'cd /demo && {sys.executable} -c "')[1].rstrip().removesuffix('"')
    assert "torch.export.load('student.pt2')" in source
    compile(source, "summary", "exec")


def test_the_request_asks_for_what_is_promised() -> None:
    assert demo.REQUEST["search"]["evaluations"] >= 24
    assert demo.REQUEST["search"]["strategy"] == "embedding"
    assert demo.REQUEST["constraints"] == {"params_ratio": 0.05}
