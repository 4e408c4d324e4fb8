import logging
from importlib.metadata import version

import pytest

from tests.workers.report_page.findings import (
    findings,
    student_architecture,
    teacher_architecture,
)
from workers.report_page import Findings
from workers.student_report import full_report, page_files


def _files(found: Findings) -> dict[str, bytes]:
    architectures = teacher_architecture().to_json(), student_architecture().to_json()
    return page_files(found.report, found.story, architectures, found.teacher, found.student)


def test_what_was_told_and_what_was_measured_are_one_report() -> None:
    told = {"job": "job_1", "student": {"trial": 4, "accuracy": None}}
    report = full_report(told, {"accuracy": 0.9, "test": None})
    assert report["job"] == "job_1"
    assert report["student"] == {"trial": 4, "accuracy": 0.9, "test": None}
    assert report["dtype"] == "float32"
    for package in ("torch", "onnx", "onnxruntime"):
        assert report["versions"][package] == version(package)
    assert told == {"job": "job_1", "student": {"trial": 4, "accuracy": None}}


def test_a_report_becomes_a_page() -> None:
    (name,) = files = _files(findings())
    assert name == "report.html"
    text = files[name].decode()
    assert "digits on a phone" in text
    assert "64 → 16" in text


def test_a_page_that_can_t_be_made_costs_no_student(caplog: pytest.LogCaptureFixture) -> None:
    found = findings()
    broken = {**found.report, "dataset": {}}
    with caplog.at_level(logging.ERROR):
        files = page_files(broken, found.story, ("{}", "{}"), found.teacher, found.student)
    assert files == {}
    assert "report.html of job_1's trial 3" in caplog.text
