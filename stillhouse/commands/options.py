"""Options that several commands have."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from stillhouse.client import DEFAULT_URL, Client
from stillhouse.errors import StillhouseError

_COMPLETED = 50  # jobs that the shell is told of

Url = Annotated[
    str,
    typer.Option("--url", envvar="STILLHOUSE_URL", help="The server's address.", metavar="URL"),
]
Home = Annotated[
    Path | None,
    typer.Option(
        "--home",
        envvar="STILLHOUSE_HOME",
        metavar="FOLDER",
        help="Folder of an installation on this machine; `~/.stillhouse` when not given.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the server's document as JSON.")]


def job_ids(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Returns the newest jobs that a shell may complete an id to; none where no server answers."""
    try:
        with Client(context.params.get("url"), patience_s=0.0) as client:
            newest = [job.status for job in islice(client.jobs(), _COMPLETED)]
    except StillhouseError:
        return []
    return [
        (status.id, f"{status.state} {status.name or ''}".strip())
        for status in newest
        if status.id.startswith(incomplete)
    ]


JobId = Annotated[
    str,
    typer.Argument(metavar="JOB", help="A job's id, `job_…`.", autocompletion=job_ids),
]
Svg = Annotated[
    Path | None,
    typer.Option("--svg", metavar="FILE", help="Save the last picture there, as an SVG."),
]

__all__ = ["DEFAULT_URL", "AsJson", "Home", "JobId", "Svg", "Url", "job_ids"]
