from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from stillhouse import Client
from stillhouse.errors import NotAnswered
from stillhouse.students import ParetoSet, Student
from stillhouse.transport import Transport
from tests.stillhouse.fake_server import (
    JOB_ID,
    FakeServer,
    job_document,
    pareto_document,
    trial_document,
)
from tests.stillhouse.little import PREPROCESSING, little, student_folder

FILES = {"student.pt2": b"graph"}
OTHER = {"job": JOB_ID, "final": False, "test_accuracy": None, "files": []}
BEST = job_document()["best"] | OTHER
SERVER = Transport("http://fake")


@pytest.fixture
def student(client: Client, fake: FakeServer, tmp_path: Path) -> Student:
    """The best one, whose files are real."""
    folder = student_folder(tmp_path)
    fake.files = {path.name: path.read_bytes() for path in folder.iterdir()}
    return client.job(JOB_ID).best()


@pytest.mark.parametrize("missing", ["student", "job", "final", "params", "files"])
def test_a_student_without_what_it_must_have_is_no_answer(missing: str) -> None:
    document = {name: value for name, value in BEST.items() if name != missing}
    with pytest.raises(NotAnswered, match=missing if missing != "student" else "id"):
        Student.read(document, SERVER)


def test_the_best_is_a_student() -> None:
    student = Student.read(BEST, SERVER)
    assert (student.id, student.job_id, student.params) == ("std_1", JOB_ID, 9_510)
    assert (student.accuracy, student.score) == (0.9777, 0.9912)
    assert (student.final, student.test_accuracy, student.files) == (False, None, ())


def test_a_student_is_a_module(student: Student) -> None:
    module = student.module()
    assert isinstance(module, nn.Module)
    assert not module.training
    images = torch.randn(3, 1, 8, 8)
    torch.testing.assert_close(module(images), little()(images))


def test_a_students_report_is_fetched_once(student: Student, fake: FakeServer) -> None:
    before = len(fake.requests)
    assert student.report["preprocessing"].items() >= PREPROCESSING.items()
    assert student.report is student.report
    assert len(fake.requests) == before + 1


def test_a_students_files_are_fetched_into_a_folder(
    student: Student, fake: FakeServer, tmp_path: Path
) -> None:
    folder = student.download(tmp_path / "fetched")
    assert folder == tmp_path / "fetched"
    assert {path.name for path in folder.iterdir()} == set(fake.files or {})


def test_a_student_without_its_graph_is_no_module(client: Client, fake: FakeServer) -> None:
    fake.files = {"report.json": b"{}"}
    with pytest.raises(NotAnswered, match=r"std_1 has no architecture\.json, student\.safetensors"):
        client.job(JOB_ID).best().module()


def test_a_trial_of_a_pareto_set_has_the_student_that_it_became() -> None:
    items = [trial_document(2), pareto_document(1, "std_9", files=FILES)]
    found = ParetoSet.read({"items": items, "costs": ["macs"]}, JOB_ID, SERVER)
    first, second = found.trials
    assert (first.student, second.number, second.accuracy) == (None, 1, 0.9)
    assert second.student is not None
    assert (second.student.id, second.student.final) == ("std_9", True)
    assert (second.student.job_id, second.student.params) == (JOB_ID, second.params)
    assert (second.student.accuracy, second.student.test_accuracy) == (0.925, 0.92)
    assert [file.href for file in second.student.files] == ["/v1/students/std_9/files/student.pt2"]


def test_the_final_students_of_a_pareto_set_are_told_apart() -> None:
    items = [trial_document(3), pareto_document(2, "std_1", final=False)]
    items.append(pareto_document(1, "std_9"))
    found = ParetoSet.read({"items": items, "costs": ["macs"]}, JOB_ID, SERVER)
    assert [student.id for student in found.final_students] == ["std_9"]
