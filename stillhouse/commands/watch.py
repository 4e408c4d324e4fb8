"""`stillhouse watch`: a job, live, until it ends."""

from __future__ import annotations

import json
from pathlib import Path

import typer
from rich.console import Console

from stillhouse.client import Client
from stillhouse.commands.options import DEFAULT_URL, AsJson, JobId, Svg, Url
from stillhouse.following import follow
from stillhouse.job import Job
from stillhouse.watching import save_picture
from stillhouse.watching import watch as watch_looks


def watch(job_id: JobId, svg: Svg = None, as_json: AsJson = False, url: Url = DEFAULT_URL) -> None:
    """Shows a job live until it ends; Ctrl-C leaves it running."""
    with Client(url) as client:
        job = client.job(job_id)
        show(job, Console(stderr=as_json), svg)
        if as_json:
            typer.echo(json.dumps(job.status.document, indent=2))


def show(job: Job, console: Console, svg: Path | None = None) -> None:
    """Shows a job until it ends; raises JobFailed when it ends without students."""
    look = watch_looks(follow(job), console)
    if svg is not None:
        save_picture(look, svg)
    job.require_success()
