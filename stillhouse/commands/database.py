"""`stillhouse db`: the database's tables, and the files that its rows name."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from stillhouse import serving

app = typer.Typer(help="The database's tables, and the files of its rows.", no_args_is_help=True)


@app.command()
def upgrade() -> None:
    """Brings the tables to the newest revision; `serve` does it by itself."""
    serving.migrate(os.environ)
    typer.echo("the database is at the newest revision")


@app.command()
def prune(
    yes: Annotated[bool, typer.Option("--yes", help="Remove it, not only tell.")] = False,
) -> None:
    """Tells which files nothing needs any more; `--yes` removes them.

    Checkpoints and spare weights of jobs that have ended, and files older than a day that no row
    names. Students, teachers, datasets and embeddings stay.
    """
    typer.echo(serving.prune(os.environ, remove=yes), nl=False)
