"""`stillhouse watch`: a job, live, until it ends."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stillhouse.client import Client
from stillhouse.commands.options import DEFAULT_URL, AsJson, JobId, Svg, Url
from stillhouse.following import Look, follow
from stillhouse.job import Job
from stillhouse.trial_logs import TrialLog, logged, trial_logs
from stillhouse.watching import Show, save_picture
from stillhouse.watching import watch as watch_looks

_TENSORBOARD = typer.Option(
    envvar="STILLHOUSE_TENSORBOARD",
    metavar="FOLDER",
    help="Write the trials that end there, for TensorBoard.",
)
_MLFLOW = typer.Option(
    envvar="STILLHOUSE_MLFLOW",
    metavar="URI",
    help="Log the trials that end to that MLflow, such as `http://127.0.0.1:5000`.",
)


def watch(
    job_id: JobId,
    svg: Svg = None,
    tensorboard: Annotated[Path | None, _TENSORBOARD] = None,
    mlflow: Annotated[str | None, _MLFLOW] = None,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Shows a job live until it ends; Ctrl-C leaves it running."""
    logs = trial_logs(tensorboard, mlflow)
    with Client(url) as client:
        job = client.job(job_id)
        try:
            show(job, Console(stderr=as_json), svg, logs)
        finally:
            if as_json:
                typer.echo(json.dumps(job.status.document, indent=2))


def show(
    job: Job, console: Console, svg: Path | None = None, logs: Sequence[TrialLog] = ()
) -> None:
    """Shows a job until it ends; raises JobFailed when it ends without students."""
    with logged(logs, lambda line: typer.echo(line, err=True)) as log:
        look = watch_looks(_through(log, follow(job)), console)
    if svg is not None:
        save_picture(look, svg)
    job.require_success()


def _through(log: Show, looks: Iterable[Look]) -> Iterator[Look]:
    for look in looks:
        yield look
        log(look)
