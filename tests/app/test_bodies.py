import json
from dataclasses import replace
from datetime import UTC, datetime

from app.bodies import BestBody, JobBody, PageBody, StudentBody, TrialBody
from app.lost_attempts import LostAttempt
from app.pages import Page
from app.records import (
    BestRecord,
    JobOverview,
    JobRecord,
    Progress,
    StoredStudentFile,
    StudentRecord,
    TrialRecord,
    TrialSource,
)
from app.requests import JobRequest
from tests.app.samples import REQUEST, TEACHER

STUDENT = StudentRecord(
    id="std_1",
    job_id="job_1",
    trial_number=4,
    final=True,
    best=True,
    accuracy=0.9,
    test_accuracy=0.89,
    score=0.97,
    params=250,
    macs=1000,
    bytes=1000,
    files=(StoredStudentFile("student.pt2", "key", 12, "sha"),),
    latency_ms=2.5,
)
JOB = JobRecord(
    id="job_1",
    name="mine",
    state="searching",
    stage="round 3",
    request=JobRequest.model_validate(REQUEST),
    seed=0,
    created_at=datetime(2026, 3, 1, 12, 0, 0, 500_000, tzinfo=UTC),
    started_at=None,
    finished_at=None,
    command=None,
    teacher=replace(TEACHER, latency_ms=7.5),
    proposer_key=None,
    best_student_id="std_1",
    embedding_id=None,
    error=None,
    fence=1,
)
BEST_RECORD = BestRecord(
    id="std_1",
    trial_number=4,
    accuracy=0.9,
    score=0.97,
    params=250,
    macs=1000,
    bytes=1000,
    latency_ms=2.5,
)
BEST = {
    "trial": 4,
    "student": "std_1",
    "score": 0.97,
    "accuracy": 0.9,
    "params": 250,
    "params_ratio": 0.25,
    "macs": 1000,
    "macs_ratio": 0.1,
    "bytes": 1000,
    "bytes_ratio": 0.25,
    "latency_ms": 2.5,
}


def test_a_job_is_what_the_contract_says() -> None:
    body = json.loads(
        JobBody.of(JobOverview(JOB, Progress(3, 2, 1, 5), BEST_RECORD)).model_dump_json()
    )
    request = body.pop("request")
    assert body == {
        "id": "job_1",
        "name": "mine",
        "state": "searching",
        "created_at": "2026-03-01T12:00:00.500000Z",
        "started_at": None,
        "finished_at": None,
        "teacher": {
            "params": 1000,
            "macs": 10_000,
            "bytes": 4000,
            "accuracy": 0.95,
            "latency_ms": 7.5,
        },
        "progress": {
            "stage": "round 3",
            "completed": 3,
            "running": 2,
            "failed": 1,
            "stopped": 5,
            "total": 40,
        },
        "best": BEST,
        "embedding": None,
        "error": None,
    }
    assert request == JOB.request.to_json()


def test_a_young_job_has_no_best() -> None:
    assert JobBody.of(JobOverview(JOB, Progress(), None)).best is None


def test_a_student_tells_its_files() -> None:
    body = json.loads(StudentBody.with_files(STUDENT, TEACHER).model_dump_json())
    assert body == BEST | {
        "job": "job_1",
        "final": True,
        "test_accuracy": 0.89,
        "files": [
            {
                "name": "student.pt2",
                "bytes": 12,
                "sha256": "sha",
                "href": "/v1/students/std_1/files/student.pt2",
            }
        ],
    }


def test_a_trial_shows_what_the_contract_lists() -> None:
    trial = TrialRecord(
        number=3,
        state="failed",
        hash="h",
        edits={"removed": ["a"]},
        params=1,
        macs=2,
        bytes=3,
        seed=4,
        attempts=1,
        accuracy=None,
        score=None,
        epochs=None,
        duration_s=None,
        weights_key=None,
        error={"title": "diverged"},
        latency_ms=1.25,
        reused_from=TrialSource("job_2", 5),
        curve=(0.5, 0.75),
        criterion="l1",
        lost_attempts=(LostAttempt(0, "died", "exit code 7"),),
    )
    assert TrialBody.of(trial).model_dump() == {
        "number": 3,
        "state": "failed",
        "edits": {"removed": ["a"]},
        "params": 1,
        "macs": 2,
        "bytes": 3,
        "accuracy": None,
        "score": None,
        "epochs": None,
        "duration_s": None,
        "seed": 4,
        "error": {"title": "diverged"},
        "latency_ms": 1.25,
        "reused_from": {"job": "job_2", "trial": 5},
        "curve": (0.5, 0.75),
        "criterion": "l1",
        "lost_attempts": ({"number": 0, "loss": "died", "detail": "exit code 7"},),
    }


def test_a_page_has_items_and_next() -> None:
    page = Page((BestBody.of(STUDENT, TEACHER),), "cursor")
    assert json.loads(PageBody.of(page).model_dump_json()) == {"items": [BEST], "next": "cursor"}
