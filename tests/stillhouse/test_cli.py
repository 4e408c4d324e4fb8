from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version

import pytest
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from stillhouse import cli
from stillhouse.errors import Refused
from tests.stillhouse.commands.completion import completed

COMMANDS = (
    "serve", "api", "coordinator", "demo", "estimate", "submit", "watch", "best", "pareto", "jobs",
    "status", "trials", "cancel", "pause", "resume", "datasets", "teachers", "embeddings", "upload",
    "db",
)  # fmt: skip


def test_every_command_explains_itself() -> None:
    runner = CliRunner()
    overview = runner.invoke(cli.app, ["--help"]).output
    for command in COMMANDS:
        assert f" {command} " in overview
        explained = runner.invoke(cli.app, [command, "--help"])
        assert explained.exit_code == 0
        assert "Usage" in explained.output


# They write nothing that a program would read to standard output.
WITHOUT_JSON = {"serve", "api", "coordinator"}


def leaves(group: TyperGroup, before: str = "") -> Iterator[tuple[str, list[str]]]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from leaves(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", [word for one in command.params for word in one.opts]


def test_every_command_tells_programs_in_json() -> None:
    group = get_command(cli.app)
    assert isinstance(group, TyperGroup)
    found = dict(leaves(group))
    assert len(found) >= 25
    without = {name for name, options in found.items() if "--json" not in options}
    assert without == WITHOUT_JSON


def test_a_shell_completes_commands_and_options() -> None:
    assert completed("stillhouse wat") == ["watch"]
    assert "--tensorboard" in completed("stillhouse watch --te")


def test_an_unknown_command_is_wrong_usage() -> None:
    assert CliRunner().invoke(cli.app, ["brew"]).exit_code == 2


def test_an_error_with_a_name_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        sys, "argv", ["stillhouse", "watch", "job_1", "--url", "http://127.0.0.1:9"]
    )
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 3
    said = capsys.readouterr().err
    assert said.startswith("error: no answer from http://127.0.0.1:9")
    assert "Traceback" not in said


def test_an_address_that_can_be_none_is_wrong_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STILLHOUSE_URL", "notaurl")
    monkeypatch.setattr(sys, "argv", ["stillhouse", "jobs"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("error: 'notaurl' can't be a server's address")


def test_a_refusal_names_fields_as_a_request_does() -> None:
    wrong = [
        {"pointer": "#/search/evaluations", "detail": "should be at least 1"},
        {"pointer": "#", "detail": "has no teacher"},
    ]
    refusal = Refused(422, {"title": "Invalid", "detail": "2 fields", "errors": wrong})
    assert cli._told(refusal).plain == (
        "refused: 2 fields\n  search.evaluations: should be at least 1\n  request: has no teacher"
    )


def test_a_reason_is_told_once() -> None:
    wrong = [{"pointer": "#/teacher/id", "detail": "tells 10 classes apart"}]
    problem = {"title": "Invalid", "detail": "tells 10 classes apart", "errors": wrong}
    told = cli._told(Refused(422, problem)).plain
    assert told == "refused: Invalid\n  teacher.id: tells 10 classes apart"


@pytest.mark.parametrize(("status", "which"), [(401, "still holds"), (403, "may do this")])
def test_a_missing_key_is_told_with_what_to_set_here(status: int, which: str) -> None:
    told = cli._told(Refused(status, {"title": "Who asks?", "detail": "a key is wanted"})).plain
    hint = f"set STILLHOUSE_KEY to a key of this server that {which}"
    assert told == f"refused: a key is wanted\n  {hint}"


def test_the_id_by_which_the_servers_log_has_a_refusal_is_told_dimly() -> None:
    told = cli._told(Refused(500, {"title": "Unexpected", "request_id": "req_1"}))
    assert told.plain == "refused: Unexpected\n  request id: req_1"
    assert [told.plain[one.start : one.end] for one in told.spans if one.style == "dim"] == [
        "\n  request id: req_1"
    ]
    assert not any(one.style == "dim" for one in cli._told(Refused(500, {})).spans)


def test_the_command_line_starts_without_torch() -> None:
    code = "import sys, stillhouse.cli; print('torch' in sys.modules, 'networks' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_the_version_is_told() -> None:
    told = CliRunner().invoke(cli.app, ["--version"])
    assert (told.exit_code, told.output) == (0, f"stillhouse {version('stillhouse')}\n")
