from dataclasses import replace

import pytest

from app.database import Database
from app.job_writer import JobWriter
from app.leases import Lease
from app.lost_attempts import LostAttempt
from app.records import TrialRecord
from app.trial_losses import lose_attempt
from tests.app.samples import RESULT, held_job, new_trial
from workers.known_trials import KnownTrials


def _trials(database: Database, n: int) -> tuple[Lease, JobWriter, KnownTrials]:
    lease, writer = held_job(database)
    writer.add_trials([new_trial(number) for number in range(n)], None)
    return lease, writer, KnownTrials(database, lease.job_id)


def _states(known: KnownTrials) -> list[tuple[int, str]]:
    return [(trial.number, trial.state) for trial in known.read()]


def test_every_read_tells_all_trials_as_they_are_now(database: Database) -> None:
    lease, writer, known = _trials(database, 3)
    assert _states(known) == [(0, "queued"), (1, "queued"), (2, "queued")]
    writer.trial_completed(1, RESULT)
    assert _states(known) == [(0, "queued"), (1, "completed"), (2, "queued")]
    writer.trial_failed(0, {"detail": "why"})
    writer.trial_started(2)
    assert _states(known) == [(0, "failed"), (1, "completed"), (2, "running")]
    lose_attempt(database, lease, 2, LostAttempt(0, "stale", "why"))
    writer.add_trials([new_trial(3)], None)
    assert _states(known)[2:] == [(2, "queued"), (3, "queued")]
    writer.trial_stopped(2, (0.5,), 1.0, None)
    writer.trial_completed(3, replace(RESULT, accuracy=0.75))
    for _ in range(2):
        assert [state for _, state in _states(known)] == [
            "failed",
            "completed",
            "stopped",
            "completed",
        ]
    assert known.read()[3].accuracy == 0.75


def test_what_has_ended_is_not_read_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, writer, known = _trials(database, 5)
    for number in (0, 1, 3):
        writer.trial_completed(number, RESULT)
    known.read()
    asked: list[int] = []

    def nothing(_: object, __: str, first: int) -> list[TrialRecord]:
        asked.append(first)
        return []

    monkeypatch.setattr("workers.known_trials.list_trials", nothing)
    assert len(known.read()) == 2
    assert asked == [2]
