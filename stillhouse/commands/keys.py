"""`stillhouse keys`: who may come in."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from stillhouse import serving

app = typer.Typer(
    help="API keys: who may come in. They work on the database, not through a server.",
    no_args_is_help=True,
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
) -> None:
    """Makes a key and shows it, this once: only its hash is kept."""
    _show_once(["create", f"--name={name}", f"--scopes={scopes}", *_expiry(expires)])


@app.command()
def renew(key: Key, expires: Expires = None) -> None:
    """Gives a key new bits and shows them, this once; what it owns stays its own.

    The old bits open nothing any more, within a second. A key that was revoked is valid again.
    """
    _show_once(["renew", *_expiry(expires), "--", key])


@app.command(name="list")
def list_() -> None:
    """Lists the keys: scopes, how long they are valid, when they were last used (by the minute)."""
    typer.echo(serving.keys(os.environ, ["list"]), nl=False)


@app.command()
def revoke(key: Key) -> None:
    """Makes a key open nothing any more, within a second; what it owns stays."""
    typer.echo(serving.keys(os.environ, ["revoke", "--", key]), nl=False)


def _expiry(expires: str | None) -> list[str]:
    return [] if expires is None else [f"--expires={expires}"]


def _show_once(arguments: list[str]) -> None:
    """Prints the key alone to standard output, where a script may take it from."""
    typer.echo(serving.keys(os.environ, arguments), nl=False)
    typer.echo("Keep it now: it is not shown again. Clients take it as STILLHOUSE_KEY.", err=True)
