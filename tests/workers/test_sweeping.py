import logging
import os
import threading
import time
from pathlib import Path

import pytest

from app.artifacts import Artifacts
from app.database import Database
from app.ids import random_name
from app.job_commands import cancel, pause
from app.records import EndState
from tests.workers.jobs import add_job, held_work
from workers.sweeping import EVERY_S, LONGEST_WRITE_S, Sweeper


@pytest.fixture
def sweeper(database: Database, artifacts: Artifacts) -> Sweeper:
    return Sweeper(database, artifacts, threading.Event())


def _on_the_way(artifacts: Artifacts, job_id: str) -> str:
    return artifacts.put_bytes(f"jobs/{job_id}/checkpoints/3", b"on the way").key


def test_a_job_cancelled_while_it_was_paused_keeps_no_checkpoints(
    sweeper: Sweeper, database: Database, artifacts: Artifacts
) -> None:
    job_id = add_job(database, artifacts)
    checkpoint = _on_the_way(artifacts, job_id)
    with database.write() as session:
        pause(session, job_id)
    sweeper.sweep()
    assert artifacts.exists(checkpoint)
    with database.write() as session:
        cancel(session, job_id)
    sweeper.sweep()
    assert not artifacts.exists(checkpoint)


@pytest.mark.parametrize("state", ["succeeded", "failed"])
def test_so_does_one_whose_coordinator_died_before_it_had_tidied_up(
    state: EndState, sweeper: Sweeper, database: Database, artifacts: Artifacts
) -> None:
    work = held_work(database, artifacts)
    checkpoint = _on_the_way(artifacts, work.job.id)
    sweeper.sweep()
    assert artifacts.exists(checkpoint)  # it is under way
    work.writer.finish(state)
    sweeper.sweep()
    assert not artifacts.exists(checkpoint)


def test_what_a_killed_writer_left_goes_after_a_day(
    sweeper: Sweeper, home: Path, caplog: pytest.LogCaptureFixture
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
    with caplog.at_level(logging.INFO):
        sweeper.sweep()
    assert [path.exists() for path in (old, new, other)] == [False, True, True]
    assert "1 files that nobody wrote any more were deleted" in caplog.text


def test_storage_that_fails_is_told_and_swept_the_next_time(
    sweeper: Sweeper,
    artifacts: Artifacts,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(_: float) -> int:
        raise PermissionError("refused")

    monkeypatch.setattr(artifacts, "delete_parts", refuse)
    sweeper.sweep()
    assert "not all that was left behind was deleted" in caplog.text


def test_it_sweeps_at_once_and_then_every_hour(
    sweeper: Sweeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweeps, waits = [], []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        if len(waits) == 3:
            sweeper.stop.set()
        return True

    monkeypatch.setattr(sweeper, "sweep", lambda: sweeps.append(len(waits)))
    monkeypatch.setattr(sweeper.stop, "wait", wait)
    sweeper.run()
    assert (sweeps, waits) == ([0, 1, 2], [EVERY_S] * 3)
