import threading

import pytest
from sqlalchemy.exc import OperationalError

from app.artifacts import Artifacts
from app.database import Database
from app.job_commands import cancel, pause, resume
from tests.workers.jobs import held_work
from workers.command_watch import CommandWatch
from workers.work import Work

LONG_S = 60.0


@pytest.fixture
def work(database: Database, artifacts: Artifacts) -> Work:
    return held_work(database, artifacts)


def test_a_command_ends_the_calls_once_it_is_there(work: Work) -> None:
    ended: list[bool] = []
    watch = CommandWatch(work.database, work.lease, lambda: ended.append(True))
    assert not watch.look()
    with work.database.write() as session:
        pause(session, work.job.id)
        resume(session, work.job.id)
    assert not watch.look()
    assert ended == []
    with work.database.write() as session:
        cancel(session, work.job.id)
    assert watch.look()
    assert ended == [True]


def test_the_thread_looks_until_there_is_a_command(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.command_watch.POLL_S", 0.01)
    ended = threading.Event()
    with CommandWatch(work.database, work.lease, ended.set):
        assert not ended.wait(0.05)
        with work.database.write() as session:
            pause(session, work.job.id)
        assert ended.wait(LONG_S)


def test_a_database_that_is_away_tells_of_no_command(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OperationalError("SELECT", {}, Exception("away"))

    monkeypatch.setattr(work.database, "read", refuse)
    assert not CommandWatch(work.database, work.lease, lambda: pytest.fail("no command")).look()
