import pytest

from app.artifacts import Artifacts
from app.database import Database
from tests.workers.jobs import held_work, read_job
from workers.tidying import ROUND_S, Tidier
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


def test_a_round_comes_after_all_jobs_that_ended_of_late_and_not_too_often(
    database: Database, artifacts: Artifacts, ended: Work
) -> None:
    now = 100.0
    tidier = Tidier(database, artifacts, lambda: now)
    tidier.make_round()
    assert not artifacts.exists(ended.key("checkpoints/3"))
    artifacts.put_bytes(ended.key("checkpoints/3"), b"of one that was stopped")
    now += ROUND_S / 2
    tidier.make_round()
    assert artifacts.exists(ended.key("checkpoints/3"))
    now += ROUND_S / 2
    tidier.make_round()
    assert not artifacts.exists(ended.key("checkpoints/3"))


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
