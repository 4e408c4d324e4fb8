from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stillhouse import Client
from stillhouse.following import follow
from tests.stillhouse.fake_server import JOB_ID, FakeServer, job_document, trial_document

STARTED = datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("end", ["succeeded", "failed", "cancelled", "paused"])
def test_a_job_is_followed_to_its_end(client: Client, fake: FakeServer, end: str) -> None:
    job = client.job(JOB_ID)
    fake.jobs = [job_document(state=state) for state in ("queued", "searching", end)]
    pauses: list[float] = []
    looks = list(follow(job, pauses.append, lambda: STARTED))
    assert [look.status.state for look in looks] == ["queued", "searching", end]
    assert len(pauses) == 2
    assert len(looks[-1].trials) == 5


def test_a_pause_may_be_followed_through(client: Client, fake: FakeServer) -> None:
    job = client.job(JOB_ID)
    fake.jobs = [job_document(state=state) for state in ("paused", "searching", "cancelled")]
    looks = list(follow(job, lambda _: None, lambda: STARTED, through_pauses=True))
    assert [look.status.state for look in looks] == ["paused", "searching", "cancelled"]


def test_trials_that_have_ended_are_asked_for_once(client: Client, fake: FakeServer) -> None:
    job = client.job(JOB_ID)
    fake.jobs = [job_document(), job_document(), job_document(state="succeeded")]
    looks = follow(job, lambda _: None, lambda: STARTED)
    states = [[trial.state for trial in next(looks).trials]]
    fake.trials[3] = trial_document(3)
    states += [[trial.state for trial in look.trials] for look in looks]
    before = ["completed", "completed", "failed", "running", "queued"]
    after = [*before[:3], "completed", "queued"]
    assert states == [before, after, after]
    asked = [r.url.params for r in fake.requests if r.url.path.endswith("/trials")]
    firsts = [int(params["first"]) for params in asked if "cursor" not in params]
    assert firsts == [0, 3, 4]


def test_what_is_new_is_waited_for_and_nothing_else_is_asked_for(
    client: Client, fake: FakeServer
) -> None:
    fake.tags = True
    fake.jobs = [job_document(state=state) for state in ("queued", "searching", "succeeded")]
    pauses: list[float] = []
    looks = list(follow(client.job(JOB_ID), pauses.append, lambda: STARTED, every_s=25))
    assert [look.status.state for look in looks] == ["queued", "searching", "succeeded"]
    asked = [r.url.params for r in fake.requests if r.url.path.endswith(JOB_ID)]
    assert [params.get("wait") for params in asked] == [None, None, "25", "25"]
    assert pauses == []


def test_where_there_is_no_room_to_wait_it_is_asked_again_and_again(
    client: Client, fake: FakeServer
) -> None:
    fake.tags = fake.full = True
    fake.jobs = [job_document(state="searching")]
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            fake.jobs.insert(0, job_document(state="succeeded"))

    looks = list(follow(client.job(JOB_ID), sleep, lambda: STARTED, every_s=25))
    assert [look.status.state for look in looks] == ["searching", "searching", "succeeded"]
    assert pauses == [0.5, 0.5]
    assert (
        len([r for r in fake.requests if r.url.path.endswith("/trials")]) == 4
    )  # three pages and one


def test_time_runs_from_the_start_to_the_end(client: Client, fake: FakeServer) -> None:
    job = client.job(JOB_ID)
    fake.jobs = [
        job_document(started_at=None),
        job_document(),
        job_document(state="succeeded", finished_at="2026-01-02T03:05:06Z"),
    ]
    looks = follow(job, lambda _: None, lambda: STARTED + 9)
    assert [look.elapsed_s for look in looks] == [0.0, 9.0, 60.0]


def test_the_best_score_never_falls(client: Client, fake: FakeServer) -> None:
    fake.jobs = [job_document(state="paused")]
    fake.trials.insert(2, {**fake.trials[0], "number": 7, "score": 0.1})
    look = next(follow(client.job(JOB_ID)))
    assert look.best_scores == [0.9, 0.9912, 0.9912]
