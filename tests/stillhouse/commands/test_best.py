from __future__ import annotations

import json
from pathlib import Path

from stillhouse import NoStudentYet
from tests.stillhouse.commands.conftest import Run
from tests.stillhouse.fake_server import JOB_ID, FakeServer, job_document


def test_the_best_student_is_described(run: Run, fake: FakeServer) -> None:
    fake.files = {"student.pt2": b"graph"}
    lines = run("best", JOB_ID).output.splitlines()
    assert lines[0] == "score 0.9912, accuracy 97.77% with 3.49% of the teacher's parameters"
    assert lines[1].split() == [
        "5",
        "bytes",
        "http://127.0.0.1:8000/v1/students/std_1/files/student.pt2",
    ]


def test_its_files_are_fetched(run: Run, fake: FakeServer, tmp_path: Path) -> None:
    fake.files = {"student.pt2": b"graph", "report.json": b"{}"}
    done = run("best", JOB_ID, "--to", str(tmp_path))
    assert done.exit_code == 0
    assert str(tmp_path / "student.pt2") in done.output
    assert {path.name for path in tmp_path.iterdir()} == {"student.pt2", "report.json"}


def test_its_document_on_request(run: Run, fake: FakeServer) -> None:
    fake.files = {"student.pt2": b"graph"}
    assert json.loads(run("best", JOB_ID, "--json").output)["files"][0]["bytes"] == 5


def test_no_student_yet_is_an_error(run: Run, fake: FakeServer) -> None:
    fake.jobs = [job_document(state="preparing", best=None)]
    assert isinstance(run("best", JOB_ID).exception, NoStudentYet)
