import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app import keys
from app.api_keys import KeyRecord, admit, digest, is_key, list_keys
from app.database import Database
from app.visitor import Visitor

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


@pytest.fixture
def installed(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, sqlite_database: Database
) -> Database:
    monkeypatch.setenv("STILLHOUSE_DATABASE_URL", sqlite_url)
    return sqlite_database


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["keys", *arguments])
    keys.main()


def _visitor(database: Database, key: str) -> Visitor | None:
    with database.read() as session:
        found = admit(session, digest(key))
    return None if found is None else found.visitor


def test_a_key_is_made_renewed_and_revoked(
    installed: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _run(monkeypatch, "create", "--name=ada", "--scopes=admin, read", "--expires=90d")
    key = capsys.readouterr().out.strip()
    assert is_key(key)
    visitor = _visitor(installed, key)
    assert visitor is not None
    assert visitor.scopes == {"admin", "read"}
    _run(monkeypatch, "renew", "ada")
    renewed = capsys.readouterr().out.strip()
    assert _visitor(installed, key) is None
    assert _visitor(installed, renewed) == visitor
    _run(monkeypatch, "revoke", "ada")
    assert capsys.readouterr().out == "ada opens nothing any more\n"
    assert _visitor(installed, renewed) is None
    _run(monkeypatch, "list")
    listed = capsys.readouterr().out
    assert "ada" in listed
    assert "revoked" in listed
    assert "sth_" not in listed


def test_a_key_may_read_and_submit_by_default_and_never_expires(
    installed: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _run(monkeypatch, "create", "--name=ada")
    with installed.read() as session:
        (record,) = list_keys(session)
    assert (record.scopes, record.expires_at) == (("read", "submit"), None)


@pytest.mark.parametrize(("expires", "days"), [("1d", 1.0), ("90d", 90.0), ("2999-12-31", None)])
def test_an_expiry_is_in_days_or_a_date(
    installed: Database, monkeypatch: pytest.MonkeyPatch, expires: str, days: float | None
) -> None:
    _run(monkeypatch, "create", "--name=ada", f"--expires={expires}")
    with installed.read() as session:
        (record,) = list_keys(session)
    assert record.expires_at is not None
    if days is None:
        assert record.expires_at.isoformat() == "2999-12-31T23:59:59.999999+00:00"
    else:
        left = record.expires_at - record.created_at
        assert abs(left - timedelta(days=days)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        (["create"], "--name", 2),
        (["create", "--name="], "is no name", 2),
        (["create", "--name=a b"], "is no name", 2),
        (["create", "--name=key_1"], "is no name", 2),
        (
            ["create", "--name=a", "--scopes=read,root"],
            "'root' is no scope: read, submit, admin",
            2,
        ),
        (["create", "--name=a", "--scopes="], "is no scope", 2),
        (["create", "--name=a", "--expires=soon"], "is no expiry", 2),
        (["create", "--name=a", "--expires=2020-01-01"], "is over already", 2),
        (["create", "--name=a", "--expires=0d"], "is over already", 2),
        (["create", "--name=a", "--expires=99999d"], "", 2),
        (["revoke", "ada"], "there is no key 'ada'", 1),
        (["renew", "ada"], "there is no key 'ada'", 1),
        (["destroy"], "invalid choice", 2),
    ],
)
def test_what_is_not_understood_is_told_in_a_line(
    installed: Database,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
    code: int,
) -> None:
    if words:
        with pytest.raises(SystemExit) as ended:
            _run(monkeypatch, *arguments)
        assert ended.value.code == code
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("stillhouse keys: ")
        assert words in line
    else:
        _run(monkeypatch, *arguments)
    with installed.read() as session:
        assert len(list_keys(session)) == (not words)


def test_a_database_without_tables_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STILLHOUSE_DATABASE_URL", f"sqlite:///{tmp_path}/empty.db")
    with pytest.raises(SystemExit):
        _run(monkeypatch, "list")
    assert "stillhouse db upgrade" in capsys.readouterr().err


def test_the_table_tells_how_long_a_key_lasts_and_when_it_was_used() -> None:
    def key(name: str, **changes: object) -> KeyRecord:
        known: dict[str, object] = {
            "id": "key_1", "name": name, "scopes": ("read", "submit"), "created_at": NOW,
            "expires_at": None, "revoked_at": None, "last_used_at": None, "is_valid": True,
        }  # fmt: skip
        return KeyRecord(**(known | changes))  # type: ignore[arg-type]

    shown = keys.table(
        [
            key("a", last_used_at=NOW),
            key("long name", expires_at=NOW),
            key("b", expires_at=NOW, is_valid=False),
            key("c", revoked_at=NOW, is_valid=False),
        ]
    )
    assert shown.splitlines() == [
        "name       id     scopes       valid                      last used",
        "a          key_1  read,submit  until revoked              2026-01-02 03:04Z",
        "long name  key_1  read,submit  until 2026-01-02 03:04Z    never",
        "b          key_1  read,submit  expired 2026-01-02 03:04Z  never",
        "c          key_1  read,submit  revoked 2026-01-02 03:04Z  never",
    ]
    assert keys.table([]) == "there is no key\n"
