from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stillhouse import Client
from stillhouse.following import follow
from tests.stillhouse.fake_server import JOB_ID, FakeServer, job_document

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
