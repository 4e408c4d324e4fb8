from __future__ import annotations

import sys
from pathlib import Path

import pytest

from stillhouse import Client, MissingPackage
from stillhouse.documents import JobStatus, Trial
from stillhouse.following import follow
from stillhouse.trial_logs import curve, from_environment, logged, measures
from tests.stillhouse.fake_server import JOB_ID, FakeServer, job_document, trial_document


class Log:
    """Takes trials, and fails as often as it is told to."""

    name = "a log"

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.written: list[int] = []
        self.closed = False

    def write(self, job: JobStatus, trial: Trial) -> None:
        assert job.id == JOB_ID
        if self.failures:
            self.failures -= 1
            raise OSError("the disk is full")
        self.written.append(trial.number)

    def close(self) -> None:
        self.closed = True


def log_all(client: Client, fake: FakeServer, *logs: Log) -> list[str]:
    said: list[str] = []
    job = client.job(JOB_ID)
    fake.jobs = [job_document(), job_document(), job_document(state="succeeded")]
    with logged(logs, said.append) as log:
        for look in follow(job, lambda _: None):
            log(look)
    return said


def test_trials_that_have_ended_are_logged_once(client: Client, fake: FakeServer) -> None:
    first, second = Log(), Log()
    assert log_all(client, fake, first, second) == []
    assert (first.written, second.written, first.closed) == ([0, 1, 2], [0, 1, 2], True)


def test_a_log_that_fails_is_told_once_and_tried_again(client: Client, fake: FakeServer) -> None:
    failing, other = Log(failures=2), Log()
    said = log_all(client, fake, failing, other)
    assert said == ["trials can't be logged to a log for now: the disk is full"]
    assert (failing.written, other.written) == ([0, 1, 2], [0, 1, 2])


def test_a_log_is_closed_where_the_following_ends() -> None:
    log = Log()
    with pytest.raises(KeyboardInterrupt), logged([log], print):
        raise KeyboardInterrupt
    assert log.closed


def test_nothing_is_logged_that_is_not_asked_for() -> None:
    assert from_environment({}) == []
    assert from_environment({"STILLHOUSE_TENSORBOARD": "", "STILLHOUSE_MLFLOW": ""}) == []


@pytest.mark.parametrize(
    ("module", "name"), [("torch.utils.tensorboard", "tensorboard"), ("mlflow", "mlflow")]
)
def test_a_missing_package_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, module: str, name: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingPackage, match=rf"pip install 'stillhouse\[{name}\]'"):
        from_environment({f"STILLHOUSE_{name.upper()}": str(tmp_path)})


def test_what_was_not_measured_is_not_told() -> None:
    trial = Trial.read(trial_document(0, latency_ms=None, curve=[0.25, 0.5]))
    assert measures(trial) == {"accuracy": 0.9, "score": 0.95, "duration_s": 4.2, "epochs": 5.0}
    assert curve(trial) == [0.25, 0.5]
    assert curve(Trial.read(trial_document(0))) == []
