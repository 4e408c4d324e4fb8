"""`stillhouse db`: the database's tables, and the files that its rows name."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from stillhouse import serving
from stillhouse.commands.options import AsJson, Home
from stillhouse.home import environment_of

app = typer.Typer(help="The database's tables, and the files of its rows.", no_args_is_help=True)


@app.command()
def upgrade(home: Home = None, as_json: AsJson = False) -> None:
    """Brings the tables to the newest revision; `serve` does it by itself."""
    said = serving.migrate(environment_of(home, os.environ), as_json=as_json)
    typer.echo(said.strip() or "the database is at the newest revision")


@app.command()
def prune(
    yes: Annotated[bool, typer.Option("--yes", help="Remove it, not only tell.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Tells which files nothing needs any more; `--yes` removes them.

    Checkpoints and spare weights of jobs that have ended, and files older than a day that no row
    names. Students, teachers, datasets and embeddings stay.
    """
    said = serving.prune(environment_of(home, os.environ), remove=yes, as_json=as_json)
    typer.echo(said, nl=False)
