"""What an installation looks like, and the server that a client talks to.

The parts that know of the database and of Ray are programs of their own, whose findings come as
lines of JSON; one that hangs is ended, and what it found until then is kept.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stillhouse.errors import StillhouseError
from stillhouse.serving import program

# Longer than all checks of a program together may take.
_PATIENCE_S = 300.0
_PROGRAMS = {"app.doctor": "this machine", "workers.doctor": "this machine"}


class SomethingIsWrong(StillhouseError):
    """Raised when a check found something wrong, after all findings were told."""


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        side: What it is about: `this machine` or `the server`.
        check: What was looked at.
        state: `ok`, `warning` or `wrong`.
        found: In words.
        remedy: What to do about it; empty where nothing is to be done.
    """

    side: str
    check: str
    state: str
    found: str
    remedy: str = ""


def look_here(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Yields what the programs of this machine find; they run side by side."""
    running = [(name, _start(name, environment)) for name in _PROGRAMS]
    for name, process in running:
        yield from _findings(name, process)


def _start(name: str, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        program(name),
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _findings(name: str, process: subprocess.Popen[str]) -> Iterator[Finding]:
    try:
        said, errors = process.communicate(timeout=_PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        said, _ = process.communicate()
        errors = f"it took longer than {_PATIENCE_S:g} s"
    for line in said.splitlines():
        yield Finding(_PROGRAMS[name], **json.loads(line))
    if process.returncode != 0:
        reason = "".join(errors.strip().splitlines()[-1:]) or f"it ended with {process.returncode}"
        remedy = "install Stillhouse again, into an environment of its own"
        yield Finding(_PROGRAMS[name], f"python -m {name}", "wrong", reason, remedy)
