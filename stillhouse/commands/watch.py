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
from stillhouse.errors import NoStudentYet, Refused
from stillhouse.following import Look, follow, patience_s
from stillhouse.job import Job
from stillhouse.picture import count
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
        look = watch_looks(_through(log, follow(job, every_s=patience_s(console))), console)
    if svg is not None:
        save_picture(look, svg)
    job.require_success()
    if (told := result_line(job)) is not None:
        console.print(told, markup=False, highlight=False, soft_wrap=True)


def result_line(job: Job) -> str | None:
    """Returns the figures of what a job that succeeded ends with; None of any other job."""
    if job.state != "succeeded" or job.status.best is None:
        return None
    ratios = job.status.best
    try:
        best = job.best()
    except (NoStudentYet, Refused):  # somebody has deleted it meanwhile
        return None
    test = "" if best.test_accuracy is None else f", test accuracy {best.test_accuracy:.4f}"
    latency = "" if best.latency_ms is None else f", {best.latency_ms:.3g} ms"
    return (
        f"result: {best.id} of trial {ratios.trial}: score {best.score:.4f}, accuracy "
        f"{best.accuracy:.4f}{test}, {count(ratios.params)} params ({ratios.params_ratio:.2%}), "
        f"{count(ratios.macs)} MACs ({ratios.macs_ratio:.2%}){latency}"
    )


def _through(log: Show, looks: Iterable[Look]) -> Iterator[Look]:
    for look in looks:
        yield look
        log(look)
