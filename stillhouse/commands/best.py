"""`stillhouse best`: the best student so far, and its files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stillhouse.client import Client
from stillhouse.commands.options import DEFAULT_URL, AsJson, JobId, Url

_TO = typer.Option("--to", metavar="DIRECTORY", help="Fetch its files into this folder.")


def best(
    job_id: JobId,
    to: Annotated[Path | None, _TO] = None,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Shows a job's best student so far, and fetches its files."""
    with Client(url) as client:
        job = client.job(job_id)
        student = job.download(to) if to is not None else job.best()
    if as_json:
        typer.echo(json.dumps(student.document, indent=2))
        return
    console = Console(highlight=False)
    if found := job.status.best:
        console.print(
            f"score [bold]{found.score:.4f}[/], accuracy [bold]{found.accuracy:.2%}[/] with "
            f"[bold]{found.params_ratio:.2%}[/] of the teacher's parameters"
        )
    for file in student.files:
        place = to / file.name if to is not None else client.url + file.href
        console.print(f"{file.bytes:>12,} bytes  {place}", markup=False, soft_wrap=True)
