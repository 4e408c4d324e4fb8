from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from app.database import Database
from app.jobs import list_overviews
from benchmarks.chaos.databases import database_server
from tests.app.samples import new_job

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_database_refuses_until_it_accepts_again(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.database._BUSY_TIMEOUT_S", 0.0)
    with database_server(kind, tmp_path) as server:
        database = Database(server.url)
        database.upgrade()
        new_job(database)
        server.refuse()
        with pytest.raises(OperationalError):
            new_job(database)
        server.accept()
        new_job(database)
        with database.read() as session:
            assert len(list_overviews(session, 5, None).items) == 2
        database.close()


def test_postgresql_that_was_killed_has_all_it_committed(tmp_path: Path) -> None:
    with database_server("postgresql", tmp_path) as server:
        database = Database(server.url)
        database.upgrade()
        new_job(database)
        server.kill()
        with pytest.raises(OperationalError):
            new_job(database)
        server.restart()
        with database.read() as session:
            assert len(list_overviews(session, 5, None).items) == 1
        database.close()
