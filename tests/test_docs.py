"""What the docs list is what there is: settings, commands, exit codes, calls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from app.settings import PREFIX, Settings
from stillhouse import AsyncClient, AsyncJob, Client, Job, Student, cli
from stillhouse.client import DEFAULT_URL

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
GUIDE = (DOCS / "client.md").read_text()
UNITS = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
INTERRUPTED = 130  # of the shell, for SIGINT

# Public for other modules of ours, and for nobody else.
FOR_OURSELVES = {"upload_source", "changed", "is_tagged", "require_success", "follow", "read"}
CLASSES = {"client": Client, "job": Job, "student": Student}
ENDINGS = {"md", "onnx", "pt", "safetensors", "svg"}  # of files that are called `student.…`


def rows_of(text: str, first: str) -> list[list[str]]:
    """Returns the cells of the table whose head's first cell is `first`."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith(f"| {first} |"):
            next(lines)
            break
    found: list[list[str]] = []
    for line in lines:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split(" | ")])
    assert found, f"no table begins with {first}"
    return found


def code_in(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def code_of(package: str) -> str:
    return "".join(path.read_text() for path in sorted((ROOT / package).rglob("*.py")))


SETTINGS = rows_of((DOCS / "settings.md").read_text(), "variable")
DEFAULTS = {code_in(row[0])[0]: row[-1] for row in SETTINGS}
OF_SERVERS = {PREFIX + field.name.upper(): field.name for field in fields(Settings)}


def test_each_setting_has_a_row_and_no_row_is_of_another() -> None:
    assert len(DEFAULTS) == len(SETTINGS)
    code = "".join(map(code_of, ("app", "stillhouse", "workers")))
    read = set(re.findall(rf'"({PREFIX}[A-Z_]+)"', code))
    assert read - set(OF_SERVERS) >= {"STILLHOUSE_URL", "STILLHOUSE_KEY"}
    assert set(DEFAULTS) == set(OF_SERVERS) | read


def as_typed(cell: str) -> str:
    """Returns what somebody types who sets a variable to a default as the docs have it."""
    if cell.startswith("none"):
        return ""
    number, _, unit = cell.partition(" ")
    if unit in UNITS:
        return str(int(number) * UNITS[unit])
    (value,) = code_in(cell)
    return value.replace("HOME", str(Path("~/.stillhouse").expanduser()))


@pytest.mark.parametrize("name", OF_SERVERS)
def test_a_default_is_what_there_is_without_the_setting(name: str) -> None:
    typed = as_typed(DEFAULTS[name])
    default = Settings.from_environment({})
    assert Settings.from_environment({name: typed}) == default
    assert bool(typed) is (getattr(default, OF_SERVERS[name]) not in (None, frozenset()))


def test_the_clients_defaults_are_what_they_are_without_their_settings() -> None:
    told = {name: as_typed(cell) for name, cell in DEFAULTS.items() if name not in OF_SERVERS}
    assert told.pop("STILLHOUSE_URL") == DEFAULT_URL
    assert set(told.values()) == {""}


def leaves(group: TyperGroup, before: str = "stillhouse") -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from leaves(command, f"{before} {name}")
        else:
            yield f"{before} {name}"


def commands_told() -> Iterator[str]:
    for row in rows_of(GUIDE, "command"):
        group = ""
        for told in code_in(row[0]):
            words = [word for word in told.split() if not re.match(r"[A-Z-]", word)]
            whole = words if words[0] == "stillhouse" else [*group.split(), *words]
            group = " ".join(whole[:-1])
            yield " ".join(whole)


def test_each_command_has_a_row_and_no_row_is_of_another() -> None:
    group = get_command(cli.app)
    assert isinstance(group, TyperGroup)
    assert sorted(commands_told()) == sorted(leaves(group))


def exit_codes() -> set[int]:
    """Returns what the command line exits with: when it did its work, on an error, on Ctrl-C."""
    of_errors = re.findall(r"  exit_code = (\d+)$", code_of("stillhouse"), re.MULTILINE)
    return {0, INTERRUPTED} | set(map(int, of_errors))


def test_each_exit_code_has_a_row_and_no_row_is_of_another() -> None:
    told = [int(row[0]) for row in rows_of(GUIDE, "exit code")]
    assert told == sorted(exit_codes())
    _, _, said = str(cli.app.info.help).partition("Exit codes:")
    assert [int(code) for code in re.findall(r"(?:^|·)\s*(\d+) ", said)] == told


def calls_in(text: str) -> Iterator[tuple[str, str]]:
    """Yields what is named of a client, a job or a student; `.x` is of the line's one before."""
    for line in text.splitlines():
        of = ""
        for name, call in re.findall(r"(\b(?:client|job|student)|(?<=`))\.([a-z_]+)", line):
            of = name or of
            if of and call not in ENDINGS:
                yield of, call


def public(of: type) -> set[str]:
    """Returns what a class has for those who use it, its fields left out."""
    return {name for name in vars(of) if not name.startswith("_")} - FOR_OURSELVES


@pytest.mark.parametrize("document", ["README.md", "docs/client.md", "docs/tutorial.md"])
def test_what_is_named_of_a_client_is_there(document: str) -> None:
    told = set(calls_in((ROOT / document).read_text()))
    assert {of for of, _ in told} == set(CLASSES)
    there = {
        (name, call)
        for name, of in CLASSES.items()
        for call in (set(dir(of)) | set(getattr(of, "__dataclass_fields__", ())))
    }
    assert told - there == set()


@pytest.mark.parametrize("name", CLASSES)
def test_what_a_client_has_is_named(name: str) -> None:
    told = {call for of, call in calls_in(GUIDE) if of == name}
    assert public(CLASSES[name]) - told == set()


@pytest.mark.parametrize(("awaited", "blocking"), [(AsyncClient, Client), (AsyncJob, Job)])
def test_the_awaited_calls_are_the_same_ones(awaited: type, blocking: type) -> None:
    assert public(awaited) - {"status"} == public(blocking)
