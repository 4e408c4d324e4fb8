from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stillhouse import CannotServe, cli


def test_the_tables_are_brought_up_to_date(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STILLHOUSE_DATABASE_URL", f"sqlite:///{tmp_path}/stillhouse.db")
    done = CliRunner().invoke(cli.app, ["db", "upgrade"])
    assert (done.exit_code, done.output) == (0, "the database is at the newest revision\n")
    with sqlite3.connect(tmp_path / "stillhouse.db") as database:
        assert database.execute("SELECT count(*) FROM jobs").fetchone() == (0,)


def test_a_database_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILLHOUSE_DATABASE_URL", "brewery://nowhere")
    done = CliRunner().invoke(cli.app, ["db", "upgrade"])
    assert isinstance(done.exception, CannotServe)
    assert "brewery" in str(done.exception)
