from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from stillhouse import CannotServe, cli


@pytest.fixture(autouse=True)
def _database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STILLHOUSE_DATABASE_URL", f"sqlite:///{tmp_path}/stillhouse.db")
    assert CliRunner().invoke(cli.app, ["db", "upgrade"]).exit_code == 0


def test_a_key_is_shown_once_alone_on_its_line_and_then_revoked() -> None:
    made = CliRunner().invoke(cli.app, ["keys", "create", "--name", "ada", "--expires", "90d"])
    assert made.exit_code == 0
    assert made.stdout.startswith("sth_")
    assert len(made.stdout.splitlines()) == 1
    assert "not shown again" in made.stderr
    renewed = CliRunner().invoke(cli.app, ["keys", "renew", "ada", "--expires", "2999-01-01"])
    assert renewed.stdout.startswith("sth_")
    assert renewed.stdout != made.stdout
    listed = CliRunner().invoke(cli.app, ["keys", "list"])
    assert "read,submit  until 2999-01-01" in listed.stdout
    assert CliRunner().invoke(cli.app, ["keys", "revoke", "ada"]).exit_code == 0
    assert "revoked" in CliRunner().invoke(cli.app, ["keys", "list"]).stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["create", "--name", "a", "--scopes", "root"], "'root' is no scope"),
        (["create", "--name", "--yes"], "'--yes' is no name"),
        (["revoke", "--", "--all"], "no key '--all'"),
    ],
)
def test_what_is_refused_is_told(arguments: list[str], words: str) -> None:
    done = CliRunner().invoke(cli.app, ["keys", *arguments])
    assert isinstance(done.exception, CannotServe)
    assert words in str(done.exception)
