import pytest

from app.problems import StillhouseError
from workers.problems import (
    RejectedTeacher,
    TrialFailed,
    UnfitLatency,
    UnfitNetwork,
    UnusableDataset,
    UnusableEmbedding,
    UselessTeacher,
    WorkFailed,
)


@pytest.mark.parametrize(
    ("error", "kind", "fields"),
    [
        (UnfitNetwork.because("why"), "unfit-network", ["#/teacher/network"]),
        (UnfitLatency.because("why", "threads"), "unfit-latency", ["#/latency/threads"]),
        (UnusableDataset.because("why"), "unusable-dataset", ["#/dataset"]),
        (UnusableEmbedding.because("why"), "unusable-embedding", ["#/search/embedding/from"]),
        (
            UselessTeacher.because("why"),
            "useless-teacher",
            ["#/training/teacher_epochs", "#/dataset"],
        ),
    ],
)
def test_what_a_request_asked_wrongly_is_a_422_that_names_the_field(
    error: StillhouseError, kind: str, fields: list[str]
) -> None:
    body = error.problem()
    assert body["type"] == f"urn:stillhouse:problem:{kind}"
    assert (body["status"], body["detail"]) == (422, "why")
    assert [one.pointer for one in error.errors] == fields


def test_what_failed_on_a_worker_is_a_500_with_its_cause() -> None:
    error = WorkFailed("the export", "DifferentStudent", "logits differ")
    assert error.problem()["status"] == 500
    assert error.problem()["detail"] == "the export: DifferentStudent: logits differ"
    assert error.kind == "DifferentStudent"
    assert TrialFailed("why").problem()["type"] == "urn:stillhouse:problem:trial-failed"


def test_a_long_detail_of_a_rejected_teacher_is_cut() -> None:
    problem = RejectedTeacher.because("onnx", "x" * 4_000_000)
    assert problem.detail == "x" * 499 + "…"
    assert [error.detail for error in problem.errors] == [problem.detail]
