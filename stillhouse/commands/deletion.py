"""`stillhouse delete`: jobs, datasets, teachers and embeddings, with their files."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from stillhouse.client import Client
from stillhouse.commands.options import DEFAULT_URL, AsJson, Url, job_ids
from stillhouse.errors import StillhouseError
from stillhouse.ids import path_of

_IDS = typer.Argument(
    metavar="ID…",
    help="Of a job that has ended, `job_…`, a dataset, `dst_…`, a teacher, `tch_…`, or an "
    "embedding, `emb_…`.",
    autocompletion=job_ids,
)


class NotConfirmed(StillhouseError):
    """Raised when there is nobody to ask whether something is to be deleted."""

    exit_code = 2


def delete(
    ids: Annotated[list[str], _IDS],
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Deletes jobs, datasets, teachers and embeddings with their files; asks before.

    A job goes with its trials, students and embedding. What something unfinished uses stays.
    """
    for one in ids:
        path_of(one)  # a misspelt one is told before the first is gone
    if not yes:
        _confirm(ids)
    with Client(url) as client:
        for one in ids:
            client.delete(one)
            typer.echo(json.dumps({"deleted": one}) if as_json else f"{one} is deleted")


def is_person_here() -> bool:
    """Returns whether somebody types."""
    return sys.stdin.isatty()


def _confirm(ids: list[str]) -> None:
    if not is_person_here():
        msg = "nobody is here to ask: --yes deletes without asking"
        raise NotConfirmed(msg)
    typer.confirm(f"Delete {', '.join(ids)} and all files of it?", abort=True, err=True)
