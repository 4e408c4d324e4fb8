from __future__ import annotations

import pytest

from stillhouse import errors
from stillhouse.errors import (
    EstimateFailed,
    JobFailed,
    Refused,
    StillhouseError,
    TeacherRejected,
)


def test_a_refusal_names_the_fields() -> None:
    wrong = {"pointer": "#/search/evaluations", "detail": "should be at least 1"}
    refusal = Refused(422, {"title": "Invalid", "detail": "1 field", "errors": [wrong]})
    assert str(refusal) == "Invalid: 1 field\n  #/search/evaluations: should be at least 1"


def test_a_reason_that_a_field_tells_too_is_told_once() -> None:
    wrong = {"pointer": "#/onnx", "detail": "it has a loop"}
    problem = {"title": "The teacher can't be used", "detail": "it has a loop", "errors": [wrong]}
    told = "The teacher can't be used\n  #/onnx: it has a loop"
    assert str(Refused(422, problem)) == told
    assert str(TeacherRejected("tch_1", problem)) == f"tch_1 was rejected: {told}"
    assert str(EstimateFailed(problem)) == told


def test_a_refusal_without_a_problem_document_still_says_the_status() -> None:
    assert str(Refused(502, {})) == "HTTP 502"


@pytest.mark.parametrize(
    ("problem", "header", "told"),
    [
        ({"title": "Odd", "request_id": "req_1"}, "", "Odd\n  request id: req_1"),
        ({"title": "Odd", "request_id": "req_1"}, "req_2", "Odd\n  request id: req_1"),
        ({"title": "Odd"}, "req_2", "Odd\n  request id: req_2"),
        ({"title": "Odd"}, "", "Odd"),
    ],
)
def test_a_refusal_tells_the_id_of_its_request(
    problem: dict[str, str], header: str, told: str
) -> None:
    assert str(Refused(500, problem, header)) == told


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        ({"title": "Useless teacher", "detail": "no better than chance"}, "no better than chance"),
        ({"title": "Useless teacher"}, "Useless teacher"),
    ],
)
def test_a_failed_job_says_why(problem: dict[str, str], text: str) -> None:
    assert str(JobFailed("job_1", "failed", problem)) == f"job_1 failed: {text}"


def test_a_cancelled_job_has_no_reason() -> None:
    assert str(JobFailed("job_1", "cancelled", None)) == "job_1 cancelled"


def test_every_error_has_the_one_root_and_an_exit_code_of_its_own_or_one() -> None:
    defined = {
        name: value
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception)
    }
    codes = {
        name: value.exit_code
        for name, value in defined.items()
        if issubclass(value, StillhouseError)
    }
    assert set(codes) == set(defined)
    assert {name: code for name, code in codes.items() if code != 1} == {
        "Unreachable": 3,
        "Refused": 4,
        "EstimateFailed": 4,
        "TeacherRejected": 4,
        "DownloadDamaged": 5,
        "UnusableAddress": 2,
        "UnusableKey": 2,
        "UnusableLog": 2,
        "MissingPackage": 2,
        "WrongSettings": 2,
    }
