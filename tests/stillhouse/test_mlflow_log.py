from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from stillhouse.documents import JobStatus, Trial
from stillhouse.errors import UnusableLog
from tests.stillhouse.fake_server import JOB_ID, job_document, trial_document

mlflow = pytest.importorskip("mlflow")

JOB = JobStatus.read(job_document())
TRIALS = [Trial.read(trial_document(number, curve=[0.5, 0.9])) for number in range(2)]
STOPPED = Trial.read(trial_document(2, state="stopped", score=None, accuracy=None))


def test_a_trial_is_a_run_and_following_again_adds_what_is_missing(tmp_path: Path) -> None:
    from stillhouse.mlflow_log import MlflowLog

    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    log = MlflowLog(uri)
    log.write(JOB, TRIALS[0])
    log.close()
    client = mlflow.MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("stillhouse").experiment_id
    half = {"stillhouse.job": JOB_ID, "stillhouse.trial": "1"}
    client.create_run(experiment, tags=half)  # somebody was interrupted here
    again = MlflowLog(uri)
    for trial in (*TRIALS, STOPPED):
        again.write(JOB, trial)
    runs = {run.data.tags["stillhouse.trial"]: run for run in client.search_runs([experiment])}
    assert sorted(runs) == ["0", "1", "2"]
    assert len(client.search_runs([experiment])) == 3
    assert [runs[n].info.status for n in "012"] == ["FINISHED", "FINISHED", "KILLED"]
    assert runs["1"].data.metrics["score"] == 0.95
    assert runs["1"].data.params["params"] == "9511"
    history = client.get_metric_history(runs["1"].info.run_id, "accuracy_by_epoch")
    assert [(one.step, one.value) for one in history] == [(1, 0.5), (2, 0.9)]


@pytest.mark.parametrize("uri", ["./folder", "foo://x"])
def test_what_mlflow_takes_no_trials_to_is_told_before_anything(uri: str) -> None:
    from stillhouse.mlflow_log import MlflowLog

    with pytest.raises(UnusableLog, match=uri) as caught:
        MlflowLog(uri)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


def test_a_dead_server_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    from stillhouse.mlflow_log import MlflowLog

    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", raising=False)
    log = MlflowLog("http://127.0.0.1:1")
    started = time.monotonic()
    with pytest.raises(mlflow.exceptions.MlflowException):
        log.write(JOB, TRIALS[0])
    assert time.monotonic() - started < 10
    assert "MLFLOW_HTTP_REQUEST_MAX_RETRIES" not in os.environ


def test_a_run_that_was_written_in_part_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stillhouse.mlflow_log import MlflowLog

    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    log = MlflowLog(uri)
    with monkeypatch.context() as broken:
        broken.setattr(mlflow.MlflowClient, "set_terminated", _lost)
        with pytest.raises(OSError, match="reset"):
            log.write(JOB, TRIALS[0])
    log.write(JOB, TRIALS[0])
    client = mlflow.MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("stillhouse").experiment_id
    assert [run.info.status for run in client.search_runs([experiment])] == ["FINISHED"]


def _lost(*_: object) -> None:
    raise OSError("connection reset")
