from __future__ import annotations

import pytest

from stillhouse.documents import Estimate, JobStatus, Trial, UploadedTeacher
from stillhouse.errors import NotAnswered
from tests.stillhouse.fake_server import (
    estimate_document,
    infeasible_result,
    job_document,
    teacher_document,
    trial_document,
)


def test_a_job_is_read_as_the_contract_words_it() -> None:
    status = JobStatus.read(job_document())
    assert (status.state, status.finished, status.progress.total) == ("searching", False, 24)
    assert status.teacher is not None
    assert status.teacher.params == 272_474
    assert status.best is not None
    assert (status.best.trial, status.best.params_ratio) == (1, 0.0349)


def test_a_job_that_has_just_come_has_neither_teacher_nor_best() -> None:
    status = JobStatus.read(job_document(state="queued", teacher=None, best=None, started_at=None))
    assert (status.teacher, status.best, status.started_at) == (None, None, None)


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
def test_ends_are_known(state: str) -> None:
    assert JobStatus.read(job_document(state=state)).finished


def test_fields_of_a_newer_server_are_kept() -> None:
    assert JobStatus.read(job_document(priority=3)).document["priority"] == 3


def test_stopped_trials_count_as_tried_where_a_server_tells_of_them() -> None:
    document = job_document()
    assert (JobStatus.read(document).progress.stopped, JobStatus.read(document).progress.tried) == (
        0,
        3,
    )
    told = JobStatus.read(document | {"progress": document["progress"] | {"stopped": 4}}).progress
    assert (told.stopped, told.tried) == (4, 7)


def test_a_missing_field_is_named() -> None:
    document = job_document()
    del document["progress"]
    with pytest.raises(NotAnswered, match="progress"):
        JobStatus.read(document)


def test_a_running_trial_has_no_measures() -> None:
    trial = Trial.read(trial_document(3, state="running", accuracy=None, score=None))
    assert (trial.number, trial.accuracy, trial.score) == (3, None, None)
    assert Trial.read(trial_document(3)).epochs == 5


def test_a_trial_tells_what_it_is_and_what_it_takes() -> None:
    source = {"job": "job_1", "trial": 2}
    told = {"edits": {"removed": ["conv1"]}, "latency_ms": 1.25, "reused_from": source}
    trial = Trial.read(trial_document(3, **told))
    assert (trial.bytes, trial.edits, trial.latency_ms) == (38_040, told["edits"], 1.25)
    assert trial.reused_from == source
    assert Trial.read(trial_document(3)).latency_ms is None


@pytest.mark.parametrize(("state", "checked"), [("checking", False), ("ready", True)])
def test_a_teacher_is_checked_once_it_is_ready_or_rejected(state: str, checked: bool) -> None:
    assert UploadedTeacher.read(teacher_document(state=state)).checked is checked


def test_an_estimate_tells_whether_the_constraints_can_be_met() -> None:
    assert Estimate.read(estimate_document()).feasible
    assert not Estimate.read(estimate_document(result=infeasible_result())).feasible
    with pytest.raises(NotAnswered, match="constraints"):
        _ = Estimate.read(estimate_document(state="running", result=None)).feasible
