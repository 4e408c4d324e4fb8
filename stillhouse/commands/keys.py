"""`stillhouse keys`: who may come in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from stillhouse import serving
from stillhouse.commands.options import AsJson, Home
from stillhouse.home import environment_of

app = typer.Typer(
    help="API keys: who may come in. They work on the database, not through a server.",
    no_args_is_help=True,
)

_FIRST = (
    "Every request needs a key now. What was made while there was none is shown to keys with the "
    "scope admin alone."
)
_EXPIRES = typer.Option(
    metavar="WHEN", help="Days from now, `90d`, or a date, `2027-12-31`; never when not given."
)
Expires = Annotated[str | None, _EXPIRES]
Key = Annotated[str, typer.Argument(metavar="NAME_OR_ID", help="A key's name or id, `key_…`.")]


@app.command()
def create(
    name: Annotated[str, typer.Option(help="Who, or what, the key is for.")],
    scopes: Annotated[
        str, typer.Option(help="`read` looks, `submit` changes, `admin` does all, everywhere.")
    ] = "read,submit",
    expires: Expires = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Makes a key and shows it, this once: only its hash is kept."""
    made = ["create", f"--name={name}", f"--scopes={scopes}", *_expiry(expires)]
    _show_once(made, home, as_json)
    typer.echo(_FIRST, err=True)


@app.command()
def renew(key: Key, expires: Expires = None, home: Home = None, as_json: AsJson = False) -> None:
    """Gives a key new bits and shows them, this once; what it owns stays its own.

    The old bits open nothing any more, within a second. A key that was revoked is valid again.
    """
    _show_once(["renew", *_expiry(expires), "--", key], home, as_json)


@app.command(name="list")
def list_(home: Home = None, as_json: AsJson = False) -> None:
    """Lists the keys: scopes, how long they are valid, when they were last used (by the minute)."""
    _say(["list"], home, as_json)


@app.command()
def revoke(key: Key, home: Home = None, as_json: AsJson = False) -> None:
    """Makes a key open nothing any more, within a second; what it owns stays."""
    _say(["revoke", "--", key], home, as_json)


def _expiry(expires: str | None) -> list[str]:
    return [] if expires is None else [f"--expires={expires}"]


def _say(arguments: list[str], home: Path | None, as_json: bool) -> None:
    typer.echo(serving.keys(environment_of(home, os.environ), arguments, as_json=as_json), nl=False)


def _show_once(arguments: list[str], home: Path | None, as_json: bool) -> None:
    """Prints the key alone to standard output, where a script may take it from."""
    _say(arguments, home, as_json)
    typer.echo("Keep it now: it is not shown again. Clients take it as STILLHOUSE_KEY.", err=True)
