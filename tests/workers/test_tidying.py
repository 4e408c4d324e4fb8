import logging
import os
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.artifacts import Artifacts
from app.database import Database
from app.ids import random_name
from app.job_commands import cancel, pause
from tests.workers.jobs import add_job, held_work, read_job
from workers.tidying import AFTER_S, DAY_S, FIRST_ROUND_S, LONGEST_WRITE_S, ROUND_S, Tidier
from workers.work import Work


@pytest.fixture
def ended(database: Database, artifacts: Artifacts) -> Work:
    """A cancelled job that has left a checkpoint."""
    work = held_work(database, artifacts)
    artifacts.put_bytes(work.key("checkpoints/3"), b"on the way")
    work.writer.finish("cancelled")
    return work


def test_what_an_ended_job_left_is_deleted(
    database: Database, artifacts: Artifacts, ended: Work
) -> None:
    Tidier(database, artifacts).tidy(ended.job.id)
    assert not artifacts.exists(ended.key("checkpoints/3"))


def test_a_round_comes_after_all_jobs_that_ended_of_late(
    database: Database, artifacts: Artifacts, ended: Work
) -> None:
    tidier = Tidier(database, artifacts)
    for _ in range(2):
        artifacts.put_bytes(ended.key("checkpoints/3"), b"of one that was stopped")
        tidier.make_round()
        assert not artifacts.exists(ended.key("checkpoints/3"))


def test_a_job_cancelled_while_it_was_paused_keeps_no_checkpoints(
    database: Database, artifacts: Artifacts
) -> None:
    tidier = Tidier(database, artifacts)
    job_id = add_job(database, artifacts)
    checkpoint = artifacts.put_bytes(f"jobs/{job_id}/checkpoints/3", b"on the way").key
    for command, is_kept in ((pause, True), (cancel, False)):
        with database.write() as session:
            command(session, job_id)
        tidier.make_round()
        assert artifacts.exists(checkpoint) == is_kept


def test_a_round_reaches_back_to_the_one_before(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, asked = 100.0, []

    def ask(_: Session, within_s: float) -> list[str]:
        asked.append(within_s)
        return []

    monkeypatch.setattr("workers.tidying.lately_ended", ask)
    tidier = Tidier(database, artifacts, lambda: now)
    for later in (0.0, 60.0, 5000.0):
        now += later
        tidier.make_round()
    assert asked == [FIRST_ROUND_S, AFTER_S + 60.0, AFTER_S + 5000.0]


def test_what_a_killed_writer_left_goes_after_a_day(
    database: Database, artifacts: Artifacts, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = home / "artifacts" / "datasets"
    folder.mkdir(exist_ok=True)
    old, new, other = (
        folder / name for name in (f"a.{random_name()}.part", f"b.{random_name()}.part", "c.part")
    )
    for path in (old, new, other):
        path.write_bytes(b"half")
    for path in (old, other):
        os.utime(path, (0, time.time() - LONGEST_WRITE_S - 60))
    now = 100.0
    tidier = Tidier(database, artifacts, lambda: now)
    with caplog.at_level(logging.INFO):
        tidier.make_round()
    assert [path.exists() for path in (old, new, other)] == [False, True, True]
    assert "1 files that nobody wrote any more were deleted" in caplog.text
    os.utime(new, (0, time.time() - LONGEST_WRITE_S - 60))
    tidier.make_round()
    assert new.exists()  # once a day is enough
    now += LONGEST_WRITE_S
    tidier.make_round()
    assert not new.exists()


def test_old_estimates_go_once_a_day(
    database: Database,
    artifacts: Artifacts,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    now, asked = 100.0, []

    def delete(_: Database) -> int:
        asked.append(now)
        if len(asked) == 2:
            raise ConnectionError("away")
        return 3

    monkeypatch.setattr("workers.tidying.delete_old_estimates", delete)
    tidier = Tidier(database, artifacts, lambda: now)
    with caplog.at_level(logging.INFO):
        for later in (0.0, 60.0, DAY_S):
            now += later
            tidier.make_round()
    assert asked == [100.0, 160.0 + DAY_S]
    assert "3 estimates that ended more than a week ago were deleted" in caplog.text
    assert "old estimates were not deleted" in caplog.text


def test_rounds_are_made_until_it_is_stopped(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, rounds, waits = threading.Event(), [], []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        if len(waits) == 3:
            stop.set()
        return True

    tidier = Tidier(database, artifacts)
    monkeypatch.setattr(tidier, "make_round", lambda: rounds.append(len(waits)))
    monkeypatch.setattr(stop, "wait", wait)
    tidier.run(stop)
    assert (rounds, waits) == ([0, 1, 2], [ROUND_S] * 3)


def test_storage_that_fails_costs_the_ended_job_nothing(
    database: Database,
    artifacts: Artifacts,
    ended: Work,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(_: str) -> None:
        raise PermissionError("refused")

    monkeypatch.setattr(artifacts, "delete", refuse)
    Tidier(database, artifacts).make_round()
    assert "not all that it left was deleted" in caplog.text
    assert read_job(database, ended.job.id).state == "cancelled"


def test_a_database_that_is_away_costs_a_round(
    database: Database,
    artifacts: Artifacts,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse() -> None:
        raise ConnectionError("away")

    monkeypatch.setattr(database, "read", refuse)
    Tidier(database, artifacts).make_round()
    assert "can't be read" in caplog.text


def test_storage_that_fails_is_told_and_asked_the_next_time(
    database: Database,
    artifacts: Artifacts,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(_: float) -> int:
        raise PermissionError("refused")

    monkeypatch.setattr(artifacts, "delete_parts", refuse)
    Tidier(database, artifacts).make_round()
    assert "not all that killed writers left was deleted" in caplog.text
