from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update

from app.checks import stores
from app.checks.stores import look_at_artifacts, look_at_database
from app.database import Database
from app.jobs import create_job
from app.leases import claim
from app.requests import JobRequest
from app.settings import Settings
from app.tables import Job
from tests.app.samples import NEVER_S, REQUEST


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    given = Settings.from_environment({"STILLHOUSE_HOME": str(tmp_path)})
    return replace(given, database_url=sqlite_url)


def states(settings: Settings) -> dict[str, str]:
    return {one.check: one.state for one in look_at_database(settings)}


@pytest.mark.usefixtures("sqlite_database")
def test_a_database_that_works_agrees_on_the_time(settings: Settings) -> None:
    assert states(settings) == {"database": "ok", "clock": "ok", "coordinator": "ok"}


def test_none_is_made_where_there_is_none(settings: Settings, tmp_path: Path) -> None:
    away = replace(settings, database_url=f"sqlite:///{tmp_path}/none/stillhouse.db")
    (found,) = look_at_database(away)
    assert (found.state, "db upgrade" in found.remedy) == ("warning", True)
    assert not (tmp_path / "none").exists()


def test_an_old_revision_is_told_with_its_remedy(
    settings: Settings, sqlite_database: Database
) -> None:
    with sqlite_database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    (found,) = look_at_database(settings)
    assert (found.state, found.remedy) == ("wrong", "`stillhouse db upgrade`")
    assert "0001" in found.found


def test_a_database_that_is_away_is_told(settings: Settings) -> None:
    away = replace(settings, database_url="postgresql://ada:secret@127.0.0.1:1/x")
    (found,) = look_at_database(away)
    assert (found.state, "can't be reached" in found.found) == ("wrong", True)
    assert "secret" not in found.found


@pytest.mark.usefixtures("sqlite_database")
def test_a_clock_that_differs_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    class Early(datetime):
        @classmethod
        def now(cls, _: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) - timedelta(minutes=1)

    monkeypatch.setattr(stores, "datetime", Early)
    found = {one.check: one for one in look_at_database(settings)}["clock"]
    assert (found.state, "60.0 s ahead" in found.found) == ("warning", True)


def test_jobs_that_nobody_takes_are_told(settings: Settings, sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        job = create_job(session, JobRequest.model_validate(REQUEST))
    assert states(settings)["coordinator"] == "ok"  # for some seconds
    with sqlite_database.write() as session:
        session.execute(update(Job).values(created_at=datetime(2026, 1, 1, tzinfo=UTC)))
    assert states(settings)["coordinator"] == "wrong"
    lease = claim(sqlite_database, "coordinator", NEVER_S)
    assert lease is not None
    assert lease.job_id == job
    assert states(settings)["coordinator"] == "ok"


def test_the_probe_of_the_store_is_gone_afterwards(settings: Settings, tmp_path: Path) -> None:
    store = tmp_path / "artifacts"
    here = replace(settings, artifacts_url=f"file://{store}")
    assert look_at_artifacts(here).state == "warning"
    assert not store.exists()
    store.mkdir()
    assert look_at_artifacts(here).state == "ok"
    assert list(store.iterdir()) == []


@pytest.mark.parametrize(("most", "state"), [(0, "ok"), (5 * 2**20, "ok"), (4 * 2**20, "wrong")])
def test_a_store_that_is_full_by_its_setting_is_told(
    settings: Settings, tmp_path: Path, most: int, state: str
) -> None:
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "a").write_bytes(b"x" * 3_500_000)
    here = replace(settings, artifacts_url=f"file://{tmp_path}", max_artifacts_bytes=most)
    found = look_at_artifacts(here)
    assert found.state == state
    assert ("STILLHOUSE_MAX_ARTIFACTS_BYTES" in str(found.remedy)) is (state == "wrong")


@pytest.mark.parametrize("url", ["file:///dev/null/store", "memory://store"])
def test_any_store_is_tried_out(settings: Settings, url: str) -> None:
    found = look_at_artifacts(replace(settings, artifacts_url=url))
    assert found.state == ("wrong" if "null" in url else "ok")


def test_a_store_that_gives_back_something_else_is_wrong(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.artifacts.Artifacts.read_bytes", lambda *_: b"other")
    found = look_at_artifacts(replace(settings, artifacts_url=f"file://{tmp_path}"))
    assert (found.state, "another file" in found.found) == ("wrong", True)
