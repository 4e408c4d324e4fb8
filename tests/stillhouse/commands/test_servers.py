from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stillhouse import cli
from stillhouse.commands import servers
from stillhouse.serving import Place


class Replaced(Exception):
    """Raised where a process would become another."""


@pytest.mark.parametrize(
    ("arguments", "module", "expected"),
    [
        (["api"], "app", {"STILLHOUSE_HOST": "127.0.0.1", "STILLHOUSE_PORT": "8000"}),
        (["api", "--port", "81"], "app", {"STILLHOUSE_PORT": "81"}),
        (["coordinator"], "workers", {"RAY_ADDRESS": "head:6379"}),
    ],
)
def test_a_server_of_its_own_takes_the_commands_place(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], module: str, expected: dict[str, str]
) -> None:
    def execve(path: str, command: list[str], environment: dict[str, str]) -> None:
        assert path == sys.executable
        assert command == [sys.executable, "-P", "-m", module]
        assert expected.items() <= environment.items()
        raise Replaced

    monkeypatch.setenv("RAY_ADDRESS", "head:6379")
    monkeypatch.setattr(os, "execve", execve)
    assert isinstance(CliRunner().invoke(cli.app, arguments).exception, Replaced)


class Watched:
    """A supervisor whose watch a person ends with Ctrl-C."""

    def watch(self) -> None:
        raise KeyboardInterrupt


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> list[Place]:
    """The places that are served, each until a person ends it at once."""
    served: list[Place] = []

    @contextmanager
    def serving(place: Place, report: Callable[[str], None]) -> Iterator[Watched]:
        served.append(place)
        report("api ended with 1")
        yield Watched()

    monkeypatch.setattr(servers, "serving", serving)
    return served


def test_serve_names_its_address_and_ends_quietly(places: list[Place], tmp_path: Path) -> None:
    options = ["--home", str(tmp_path), "--port", "8123", "--cpus", "1"]
    done = CliRunner().invoke(cli.app, ["serve", *options])
    assert done.exit_code == 0
    assert "api ended with 1" in done.stderr
    assert "http://127.0.0.1:8123" in done.stderr
    assert (places[0].home, places[0].port, places[0].cpus) == (tmp_path, 8123, 1)


def test_serve_takes_any_free_port_where_it_is_given_none(
    places: list[Place], tmp_path: Path
) -> None:
    done = CliRunner().invoke(cli.app, ["serve", "--home", str(tmp_path), "--port", "0"])
    assert done.exit_code == 0
    assert places[0].port > 0
    assert f"http://127.0.0.1:{places[0].port}" in done.stderr
