"""`stillhouse doctor`: what is wrong with an installation, in words, and what to do about it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from stillhouse.client import DEFAULT_URL, Client
from stillhouse.commands.options import AsJson, Home
from stillhouse.doctor import Finding, SomethingIsWrong, look_here
from stillhouse.errors import UnusableAddress, UnusableKey
from stillhouse.home import environment_of
from stillhouse.server_checks import look_at_server

_URL = typer.Option(
    "--url", envvar="STILLHOUSE_URL", metavar="URL", help="The server to look at, too."
)
_SIGNS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "wrong": ("✗", "bold red")}


def doctor(
    home: Home = None, url: Annotated[str | None, _URL] = None, as_json: AsJson = False
) -> None:
    """Looks at this machine and at the server, and says what is wrong and what to do about it.

    Nothing is changed. Exits with 0 when all is well, be it with warnings, and with 1 when
    something is wrong. Without `--url` the server is the one that would be on this machine.
    """
    environment = environment_of(home, os.environ)
    console, found = Console(highlight=False), []
    for finding in _findings(environment, url):
        found.append(finding)
        if not as_json:
            _show(console, finding, is_first=found[-2:-1] == [] or found[-2].side != finding.side)
    wrong = sum(one.state == "wrong" for one in found)
    if as_json:
        told = {"ok": not wrong, "findings": [asdict(one) for one in found]}
        typer.echo(json.dumps(told, indent=2))
    if wrong:
        raise SomethingIsWrong(f"{wrong} of {len(found)} checks found something wrong")


def _findings(environment: Mapping[str, str], url: str | None) -> Iterator[Finding]:
    from stillhouse.package_checks import look_at_packages

    yield from look_at_packages()
    yield from look_here(environment)
    port = environment.get("STILLHOUSE_PORT", "")
    usual = f"http://127.0.0.1:{port}" if port.isdigit() else DEFAULT_URL
    try:
        with Client(url or usual, patience_s=0.0) as client:
            yield from look_at_server(client, is_expected=url is not None)
    except UnusableAddress as error:
        yield Finding("the server", "address", "wrong", str(error), "see to STILLHOUSE_URL")
    except UnusableKey as error:
        yield Finding("the server", "API key", "wrong", str(error), "set STILLHOUSE_KEY anew")


def _show(console: Console, finding: Finding, *, is_first: bool) -> None:
    if is_first:
        console.print(finding.side, style="bold")
    sign, style = _SIGNS[finding.state]
    line = Text.assemble((sign, style), f" {finding.check}: ", (finding.found, "default"))
    console.print(line, soft_wrap=True)
    if finding.remedy and finding.state != "ok":
        console.print(Text(f"    → {finding.remedy}", style="cyan"), soft_wrap=True)
