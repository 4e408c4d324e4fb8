from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stillhouse import Client, JobFailed, NoStudentYet, Refused, WaitedTooLong
from tests.stillhouse.fake_server import (
    JOB_ID,
    FakeServer,
    job_document,
    pareto_document,
    trial_document,
)


def test_waiting_ends_with_success(client: Client, fake: FakeServer) -> None:
    fake.jobs = [job_document(state=state) for state in ("queued", "searching", "succeeded")]
    pauses: list[float] = []
    job = client.job(JOB_ID).wait(poll_s=3.0, sleep=pauses.append)
    assert (job.state, pauses) == ("succeeded", [3.0])


def test_waiting_for_a_job_that_fails_raises_its_reason(client: Client, fake: FakeServer) -> None:
    error = {"title": "Useless teacher", "detail": "its accuracy is no better than chance"}
    fake.jobs = [job_document(state="failed", error=error)]
    with pytest.raises(JobFailed, match="no better than chance"):
        client.job(JOB_ID).wait()


def test_waiting_has_an_end(client: Client) -> None:
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    with pytest.raises(WaitedTooLong, match="still searching after 5 s"):
        client.job(JOB_ID).wait(timeout_s=5, clock=lambda: now, sleep=sleep)
    assert now == 5.0


def test_waiting_asks_once_where_the_server_holds_its_answer(
    client: Client, fake: FakeServer
) -> None:
    fake.tags = True
    fake.jobs = [job_document(state=state) for state in ("queued", "searching", "succeeded")]
    pauses: list[float] = []
    assert client.job(JOB_ID).wait(sleep=pauses.append).state == "succeeded"
    assert [request.url.params.get("wait") for request in fake.requests[2:]] == ["25", "25"]
    assert pauses == []


def test_its_students_are_told_by_their_trials(client: Client, fake: FakeServer) -> None:
    fake.files = {"student.pt2": b"graph"}
    (student,) = client.job(JOB_ID).students()
    assert (student.id, student.trial, student.final) == ("std_1", 1, False)


def test_a_job_is_deleted(client: Client, fake: FakeServer) -> None:
    client.job(JOB_ID).delete()
    client.delete("dst_1")
    gone = [request.url.path for request in fake.requests if request.method == "DELETE"]
    assert gone == [f"/v1/jobs/{JOB_ID}", "/v1/datasets/dst_1"]


def test_trials_come_in_order(client: Client, fake: FakeServer) -> None:
    fake.trials.reverse()
    assert [trial.number for trial in client.job(JOB_ID).trials()] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("takes_first", [True, False])
def test_trials_are_asked_for_from_a_number_on(
    client: Client, fake: FakeServer, takes_first: bool
) -> None:
    fake.takes_first = takes_first
    assert [trial.number for trial in client.job(JOB_ID).trials(first=2)] == [2, 3, 4]


def test_a_pareto_set_comes_as_the_server_orders_it(client: Client, fake: FakeServer) -> None:
    fake.pareto = [trial_document(3), trial_document(1, reused_from={"job": "job_1", "trial": 2})]
    found = client.job(JOB_ID).pareto()
    assert [trial.number for trial in found] == [3, 1]
    assert [trial.reused_from for trial in found] == [None, {"job": "job_1", "trial": 2}]
    assert client.job(JOB_ID).pareto_set().costs == ("macs", "bytes")


def test_a_student_of_a_pareto_set_is_fetched(
    client: Client, fake: FakeServer, tmp_path: Path
) -> None:
    fake.files = {"student.pt2": b"graph"}
    fake.pareto = [trial_document(3), pareto_document(1, "std_9", files=fake.files)]
    job = client.job(JOB_ID)
    none, student = (trial.student for trial in job.pareto())
    assert none is None
    assert student is not None
    assert job.download(tmp_path, student) is student
    assert (tmp_path / "student.pt2").read_bytes() == b"graph"
    assert fake.requests[-1].url.path == "/v1/students/std_9/files/student.pt2"


@pytest.mark.parametrize(
    ("command", "state"), [("cancel", "cancelled"), ("pause", "paused"), ("resume", "queued")]
)
def test_commands_reach_the_server(
    client: Client, fake: FakeServer, command: str, state: str
) -> None:
    job = client.job(JOB_ID)
    act: Callable[[], object] = getattr(job, command)
    fake.jobs.clear()
    act()
    assert job.state == state
    assert fake.bodies(f"/v1/jobs/{JOB_ID}/{command}") == [None]


def test_there_is_no_student_before_the_first(client: Client, fake: FakeServer) -> None:
    fake.jobs = [job_document(best=None, state="preparing")]
    with pytest.raises(NoStudentYet, match="preparing"):
        client.job(JOB_ID).best()


def test_another_404_is_no_missing_student(client: Client) -> None:
    with pytest.raises(Refused):
        client.job(JOB_ID).best()


def test_the_best_students_files_are_fetched(
    client: Client, fake: FakeServer, tmp_path: Path
) -> None:
    fake.files = {"student.pt2": b"graph", "report.json": b"{}"}
    student = client.job(JOB_ID).download(tmp_path / "student")
    assert [file.name for file in student.files] == ["student.pt2", "report.json"]
    assert (tmp_path / "student" / "student.pt2").read_bytes() == b"graph"
