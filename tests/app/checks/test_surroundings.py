import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from app.api_keys import create_key, revoke_key
from app.checks.surroundings import look_at_datasets, look_at_keys, look_at_port
from app.database import Database
from app.settings import Settings


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    given = Settings.from_environment({"STILLHOUSE_HOME": str(tmp_path)})
    return replace(given, database_url=sqlite_url)


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        yield server.getsockname()[1]


def test_a_port_in_use_is_told_with_its_user(settings: Settings, taken: int) -> None:
    found = look_at_port(replace(settings, port=taken))
    assert found.state == "wrong"
    assert f"process {os.getpid()}" in found.found
    assert look_at_port(replace(settings, port=0)).state == "ok"


def test_our_own_server_may_have_the_port(
    settings: Settings, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.checks.surroundings._is_ours", lambda *_: True)
    assert look_at_port(replace(settings, port=taken)).state == "ok"


def test_keys_are_wanted_where_other_machines_come(
    settings: Settings, sqlite_database: Database
) -> None:
    open_to_all = replace(settings, host="0.0.0.0")
    assert look_at_keys(settings).state == "ok"
    found = look_at_keys(open_to_all)
    assert (found.state, "keys create" in found.remedy) == ("wrong", True)
    with sqlite_database.write() as session:
        create_key(session, "ada", ["read"], None)
    assert look_at_keys(open_to_all).found == "1 of 1 are valid"
    with sqlite_database.write() as session:
        revoke_key(session, "ada")
    assert look_at_keys(settings).state == "wrong"


def test_keys_of_another_revision_are_unknown(
    settings: Settings, sqlite_database: Database, tmp_path: Path
) -> None:
    with sqlite_database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert look_at_keys(settings).state == "warning"
    away = replace(settings, database_url=f"sqlite:///{tmp_path}/none/x.db", host="0.0.0.0")
    assert look_at_keys(away).state == "wrong"


def test_the_folder_of_datasets_should_be_there(settings: Settings, tmp_path: Path) -> None:
    assert list(look_at_datasets(settings)) == []
    (found,) = look_at_datasets(replace(settings, datasets=tmp_path))
    (missing,) = look_at_datasets(replace(settings, datasets=tmp_path / "none"))
    assert (found.state, missing.state) == ("ok", "warning")
