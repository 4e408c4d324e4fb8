from __future__ import annotations

import json
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
    ("arguments", "words", "code"),
    [
        (["create", "--name", "a", "--scopes", "root"], "'root' is no scope", 2),
        (["create", "--name", "--yes"], "'--yes' is no name", 2),
        (["create", "--name", "a", "--expires", "soon"], "'soon' is no expiry", 2),
        (["revoke", "--", "--all"], "no key '--all'", 1),
    ],
)
def test_what_is_refused_is_told(arguments: list[str], words: str, code: int) -> None:
    done = CliRunner().invoke(cli.app, ["keys", *arguments])
    assert isinstance(done.exception, CannotServe)
    assert words in str(done.exception)
    assert done.exception.exit_code == code


def test_keys_are_documents_for_programs() -> None:
    def told(*arguments: str) -> dict[str, object]:
        done = CliRunner().invoke(cli.app, ["keys", *arguments, "--json"])
        return dict(json.loads(done.stdout))

    made = told("create", "--name", "ada", "--scopes", "read", "--expires", "2999-01-01")
    assert str(made["key"]).startswith("sth_")
    assert (made["name"], made["scopes"], made["is_valid"]) == ("ada", ["read"], True)
    assert str(made["expires_at"]).startswith("2999-01-01")
    assert told("renew", "ada")["key"] != made["key"]
    assert told("revoke", "ada")["is_valid"] is False
    listed = told("list")
    assert (listed["id"], listed["revoked_at"] is None) == (made["id"], False)
    assert "key" not in listed


def test_a_home_is_where_the_keys_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("STILLHOUSE_DATABASE_URL")
    home = ["--home", str(tmp_path / "home")]
    assert CliRunner().invoke(cli.app, ["db", "upgrade", *home]).exit_code == 0
    made = CliRunner().invoke(cli.app, ["keys", "create", "--name", "ada", *home])
    assert made.stdout.startswith("sth_")
    assert "ada" in CliRunner().invoke(cli.app, ["keys", "list", *home]).stdout
