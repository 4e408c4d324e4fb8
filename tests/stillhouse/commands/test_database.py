from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.tables import REVISION
from stillhouse import CannotServe, cli


def test_the_tables_are_brought_up_to_date(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STILLHOUSE_DATABASE_URL", f"sqlite:///{tmp_path}/stillhouse.db")
    done = CliRunner().invoke(cli.app, ["db", "upgrade"])
    assert (done.exit_code, done.output) == (0, "the database is at the newest revision\n")
    with sqlite3.connect(tmp_path / "stillhouse.db") as database:
        assert database.execute("SELECT count(*) FROM jobs").fetchone() == (0,)


def test_what_nothing_needs_is_told_and_then_removed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STILLHOUSE_HOME", str(tmp_path))
    for name in ("DATABASE_URL", "ARTIFACTS_URL"):
        monkeypatch.delenv(f"STILLHOUSE_{name}", raising=False)
    CliRunner().invoke(cli.app, ["db", "upgrade"])
    left = tmp_path / "artifacts" / "jobs" / "job_1" / "checkpoints" / "3"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"on the way")
    document = json.loads(CliRunner().invoke(cli.app, ["db", "prune", "--json"]).stdout)
    assert (document["removed"], document["kinds"]["checkpoint"]) == (
        False, {"files": 1, "bytes": 10}
    )  # fmt: skip
    told = CliRunner().invoke(cli.app, ["db", "prune"])
    assert told.exit_code == 0
    assert "1 files  checkpoints of jobs that have ended" in told.output
    assert left.exists()
    removed = CliRunner().invoke(cli.app, ["db", "prune", "--yes"])
    assert "1 files  removed" in removed.output
    assert not left.exists()
    assert CliRunner().invoke(cli.app, ["db", "prune"]).output == "nothing to remove\n"


def test_the_revision_is_told_to_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STILLHOUSE_DATABASE_URL", f"sqlite:///{tmp_path}/stillhouse.db")
    done = CliRunner().invoke(cli.app, ["db", "upgrade", "--json"])
    assert json.loads(done.stdout) == {"revision": REVISION}


def test_a_setting_that_is_none_is_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILLHOUSE_PORT", "eighty")
    done = CliRunner().invoke(cli.app, ["db", "upgrade"])
    assert isinstance(done.exception, CannotServe)
    assert done.exception.exit_code == 2


def test_a_store_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILLHOUSE_ARTIFACTS_URL", "brewery://nowhere")
    done = CliRunner().invoke(cli.app, ["db", "prune"])
    assert isinstance(done.exception, CannotServe)
    assert "brewery" in str(done.exception)


def test_a_database_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILLHOUSE_DATABASE_URL", "brewery://nowhere")
    done = CliRunner().invoke(cli.app, ["db", "upgrade"])
    assert isinstance(done.exception, CannotServe)
    assert "brewery" in str(done.exception)
