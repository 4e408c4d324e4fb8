from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from stillhouse import cli
from stillhouse.commands import doctor
from stillhouse.doctor import Finding, SomethingIsWrong

HERE, SERVER = "this machine", "the server"
FINE = [Finding(HERE, "home", "ok", "works"), Finding(SERVER, "key", "warning", "old", "renew it")]
WRONG = Finding(HERE, "database", "wrong", "[bold] is away", "start it")


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    findings: list[Finding] = list(FINE)
    monkeypatch.setattr(doctor, "_findings", lambda *_: iter(findings))
    return findings


@pytest.mark.usefixtures("found")
def test_warnings_are_well() -> None:
    done = CliRunner().invoke(cli.app, ["doctor"])
    assert done.exit_code == 0
    assert done.output.splitlines() == [
        HERE, "✓ home: works", SERVER, "! key: old", "    → renew it"
    ]  # fmt: skip


def test_something_wrong_is_one(found: list[Finding]) -> None:
    found.insert(1, WRONG)
    done = CliRunner().invoke(cli.app, ["doctor"])
    assert isinstance(done.exception, SomethingIsWrong)
    assert done.exception.exit_code == 1
    assert "✗ database: [bold] is away" in done.output
    told = json.loads(CliRunner().invoke(cli.app, ["doctor", "--json"]).stdout)
    assert (told["ok"], told["findings"][1]["remedy"]) == (False, "start it")


def test_a_home_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    homes: list[str] = []

    def here(environment: dict[str, str]) -> list[Finding]:
        homes.append(environment["STILLHOUSE_HOME"])
        return []

    monkeypatch.setattr(doctor, "look_here", here)
    monkeypatch.setenv("STILLHOUSE_KEY", "not a key")
    done = CliRunner().invoke(cli.app, ["doctor", "--home", "/srv/still", "--json"])
    assert homes == ["/srv/still"]
    last = json.loads(done.stdout)["findings"][-1]
    assert (last["side"], last["check"], last["state"]) == (SERVER, "API key", "wrong")
    assert "not a key" not in last["found"]


def test_an_address_that_can_be_none_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "look_here", lambda _: [])
    done = CliRunner().invoke(cli.app, ["doctor", "--url", "notaurl", "--json"])
    last = json.loads(done.stdout)["findings"][-1]
    assert (last["side"], last["check"], last["state"]) == (SERVER, "address", "wrong")
    assert "notaurl" in last["found"]
