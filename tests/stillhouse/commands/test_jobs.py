from __future__ import annotations

import json

import pytest

from stillhouse import Refused
from tests.stillhouse.commands.conftest import Run
from tests.stillhouse.fake_server import JOB_ID, FakeServer, job_document, trial_document


def lines(output: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.splitlines()]


def test_jobs_are_listed(run: Run, fake: FakeServer) -> None:
    fake.jobs = [job_document(name="[bold]mine")]
    header, row = run("jobs").output.splitlines()
    assert header.split()[:4] == ["job", "state", "name", "trials"]
    assert row.split() == [
        JOB_ID, "searching", "[bold]mine", "3/24", "0.9912", "97.77%", "3.49%",
        "2026-01-02T03:04:05Z",
    ]  # fmt: skip


def test_jobs_that_nobody_named_are_called_as_what_was_uploaded_for_them(
    run: Run, fake: FakeServer
) -> None:
    request = {"teacher": {"id": "tch_1"}, "dataset": {"id": "dst_1"}}
    fake.jobs = [job_document(name="job", request=request)]
    assert " Little on flowers " in run("jobs").output
    asked = len(fake.requests)
    run("jobs", "--json")
    assert len(fake.requests) == asked + 1


def test_jobs_are_a_document_a_line(run: Run) -> None:
    assert lines(run("jobs", "--json").stdout) == [job_document()]


def test_a_job_without_a_student_is_listed(run: Run, fake: FakeServer) -> None:
    fake.jobs = [job_document(best=None, name=None)]
    assert JOB_ID in run("jobs").output


def test_a_job_is_shown_once(run: Run) -> None:
    done = run("status", JOB_ID)
    assert done.exit_code == 0
    *_, stage, _, _, _, best, last = done.output.splitlines()
    assert (stage, best[:26], last) == (
        "now: training students", "best to download: trial 1,", f"{JOB_ID} searching"
    )  # fmt: skip
    assert json.loads(run("status", JOB_ID, "--json").stdout) == job_document()


def test_a_job_that_succeeded_is_shown_with_its_result(run: Run, fake: FakeServer) -> None:
    fake.jobs = [job_document(state="succeeded", name="job")]
    fake.files = {"student.pt2": b"graph"}
    last = run("status", JOB_ID).output.splitlines()[-1]
    assert last == (
        "result: std_1 of trial 1: score 0.9912, accuracy 0.9777, 9.51k params (3.49%), "
        "120k MACs (4.80%)"
    )
    assert run("watch", JOB_ID).output.splitlines()[-1] == last
    assert "zoo/resnet20 on digits" in run("jobs").output


def test_trials_are_listed(run: Run, fake: FakeServer) -> None:
    source = {"job": "job_1", "trial": 7}
    fake.trials = [
        trial_document(0, reused_from=source, latency_ms=0.123456),
        trial_document(1, state="failed", accuracy=None, score=None, error={"title": "Diverged"}),
    ]
    _, first, second = run("trials", JOB_ID).output.splitlines()
    assert first.split()[:5] == ["0", "completed", "9.51k", "120k", "90.00%"]
    assert first.rstrip().endswith("0.9500  0.123       5  reused from job_1, trial 7")
    assert second.rstrip().endswith("Diverged")
    documents = lines(run("trials", JOB_ID, "--first", "1", "--json").stdout)
    assert documents == fake.trials[1:]


@pytest.mark.parametrize(
    ("command", "state"), [("cancel", "cancelled"), ("pause", "paused"), ("resume", "queued")]
)
def test_commands_reach_the_server(run: Run, fake: FakeServer, command: str, state: str) -> None:
    fake.jobs = [job_document(), job_document()]
    done = run(command, JOB_ID)
    assert (done.exit_code, done.output.split()[0]) == (0, JOB_ID)
    assert fake.bodies(f"/v1/jobs/{JOB_ID}/{command}") == [None]
    assert json.loads(run(command, JOB_ID, "--json").stdout)["state"] == state


def test_a_job_that_is_not_there_is_refused(run: Run) -> None:
    assert isinstance(run("status", "job_none").exception, Refused)
