from __future__ import annotations

import json
from pathlib import Path

import pytest

from stillhouse import JobFailed
from tests.stillhouse.commands.conftest import Run
from tests.stillhouse.fake_server import JOB_ID, FakeServer, job_document
from tests.stillhouse.test_trial_logs import Log


def test_a_job_is_shown_to_its_end_and_drawn(run: Run, fake: FakeServer, tmp_path: Path) -> None:
    fake.jobs = [job_document(state="succeeded", finished_at="2026-01-02T03:05:06Z")]
    done = run("watch", JOB_ID, "--svg", str(tmp_path / "run.svg"))
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, f"{JOB_ID} succeeded after 1:00")
    assert (tmp_path / "run.svg").read_text().startswith("<svg")


def test_json_is_all_that_goes_to_standard_output(run: Run, fake: FakeServer) -> None:
    fake.jobs = [job_document(state="succeeded")]
    done = run("watch", JOB_ID, "--json")
    assert json.loads(done.stdout)["state"] == "succeeded"
    assert f"{JOB_ID} succeeded" in done.stderr


def test_a_failed_job_is_an_error(run: Run, fake: FakeServer) -> None:
    fake.jobs = [job_document(state="failed", error={"detail": "no better than chance"})]
    done = run("watch", JOB_ID)
    assert isinstance(done.exception, JobFailed)
    assert done.exception.exit_code == 1


def test_a_failed_job_is_told_as_json_too(run: Run, fake: FakeServer) -> None:
    fake.jobs = [job_document(state="failed")]
    assert json.loads(run("watch", JOB_ID, "--json").stdout)["state"] == "failed"


@pytest.mark.parametrize("by", ["option", "environment"])
def test_trials_go_to_the_logs_that_are_asked_for(
    run: Run, fake: FakeServer, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    fake.jobs = [job_document(state="succeeded")]
    log = Log()
    asked: list[tuple[Path | None, str | None]] = []

    def logs(tensorboard: Path | None, mlflow: str | None) -> list[Log]:
        asked.append((tensorboard, mlflow))
        return [log]

    monkeypatch.setattr("stillhouse.commands.watch.trial_logs", logs)
    options = ["--tensorboard", "runs", "--mlflow", "sqlite:///x.db"]
    if by == "environment":
        monkeypatch.setenv("STILLHOUSE_TENSORBOARD", "runs")
        monkeypatch.setenv("STILLHOUSE_MLFLOW", "sqlite:///x.db")
        options = []
    assert run("watch", JOB_ID, *options).exit_code == 0
    assert asked == [(Path("runs"), "sqlite:///x.db")]
    assert log.written == [0, 1, 2]
