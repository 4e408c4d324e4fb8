from __future__ import annotations

import json
from pathlib import Path

from stillhouse import DownloadDamaged, NoStudentYet
from tests.stillhouse.commands.conftest import Run
from tests.stillhouse.fake_server import JOB_ID, FakeServer, pareto_document, trial_document

FILES = {"student.pt2": b"graph", "report.json": b"{}"}
LONG = "std_6Vb0hF2mUuQk1sYd9LxWcA"


def test_the_set_is_a_table(run: Run, fake: FakeServer) -> None:
    students = [pareto_document(1, "std_1", final=False), pareto_document(2, LONG)]
    fake.pareto = [trial_document(3), *students]
    lines = [line.split() for line in run("pareto", JOB_ID).output.splitlines()]
    assert lines == [
        ["trial", "accuracy", "MACs", "bytes", "final", "accuracy", "student"],
        ["3", "90.00%", "120k", "38k"],
        ["1", "90.00%", "120k", "38k", "std_1"],
        ["2", "90.00%", "120k", "38k", "92.50%", LONG],
    ]


def test_the_final_students_are_fetched_each_into_its_folder(
    run: Run, fake: FakeServer, tmp_path: Path
) -> None:
    fake.files = FILES
    fake.pareto = [
        pareto_document(1, "std_1", files=FILES),
        pareto_document(2, "std_2", final=False, files=FILES),
        pareto_document(3, "std_3", files=FILES),
    ]
    done = run("pareto", JOB_ID, "--to", str(tmp_path))
    assert done.exit_code == 0
    assert f"files: {tmp_path}/std_1\nfiles: {tmp_path}/std_3\n" in done.output
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.glob("*/*")}
    assert found == {f"{student}/{name}" for student in ("std_1", "std_3") for name in FILES}


def test_a_student_that_would_leave_the_folder_is_not_fetched(
    run: Run, fake: FakeServer, tmp_path: Path
) -> None:
    fake.files = FILES
    fake.pareto = [pareto_document(1, "../std_1", files=FILES)]
    done = run("pareto", JOB_ID, "--to", str(tmp_path / "inside"))
    assert isinstance(done.exception, DownloadDamaged)
    assert list(tmp_path.rglob("*")) == []


def test_without_final_students_there_is_nothing_to_fetch(
    run: Run, fake: FakeServer, tmp_path: Path
) -> None:
    fake.pareto = [pareto_document(1, "std_1", final=False)]
    done = run("pareto", JOB_ID, "--to", str(tmp_path))
    assert isinstance(done.exception, NoStudentYet)
    assert "final training (searching)" in str(done.exception)


def test_its_document_on_request(run: Run, fake: FakeServer) -> None:
    fake.pareto = [pareto_document(1, "std_1")]
    found = json.loads(run("pareto", JOB_ID, "--json").output)
    assert found == {"items": fake.pareto, "costs": ["macs", "bytes"]}
