import os
import subprocess
import sys
from pathlib import Path

import pytest

from app import upgrade
from app.database import Database


def test_the_settings_database_is_upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILLHOUSE_HOME", str(tmp_path))
    monkeypatch.delenv("STILLHOUSE_DATABASE_URL", raising=False)
    upgrade.main()
    database = Database(f"sqlite:///{tmp_path}/stillhouse.db")
    database.check()
    database.close()


def test_what_cannot_be_upgraded_says_why_in_a_line() -> None:
    unreachable = {"STILLHOUSE_DATABASE_URL": "postgresql://127.0.0.1:1/none"}
    done = subprocess.run(
        [sys.executable, "-m", "app.upgrade"],
        env=os.environ | unreachable,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("stillhouse db upgrade: ")
