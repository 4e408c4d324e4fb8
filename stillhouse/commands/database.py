"""`stillhouse db`: the database's tables."""

from __future__ import annotations

import os

import typer

from stillhouse.serving import migrate

app = typer.Typer(help="The database's tables.", no_args_is_help=True)


@app.callback()
def database() -> None:
    """Keeps `upgrade` a command of its own although it is the only one."""


@app.command()
def upgrade() -> None:
    """Brings the tables to the newest revision; `serve` does it by itself."""
    migrate(os.environ)
    typer.echo("the database is at the newest revision")
