"""`stillhouse jobs`, `status`, `trials`, `cancel`, `pause`, `resume`: what was submitted."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import islice
from typing import Annotated

import typer
from rich.console import Console

from stillhouse.client import Client
from stillhouse.commands.naming import Names
from stillhouse.commands.options import DEFAULT_URL, AsJson, JobId, Url
from stillhouse.commands.output import Limit, share, write_lines, write_table
from stillhouse.commands.watch import result_line
from stillhouse.documents import JobStatus, Trial
from stillhouse.following import Follower
from stillhouse.job import Job
from stillhouse.picture import count
from stillhouse.watching import watch

_UNNAMED = "job"  # what the server calls it then
_FIRST = typer.Option(min=0, help="The number of the first trial to list.")


def jobs(limit: Limit = 50, as_json: AsJson = False, url: Url = DEFAULT_URL) -> None:
    """Lists the jobs, newest first; with `--json` a document a line."""
    with Client(url) as client:
        found = list(islice(client.jobs(), limit))
        if as_json:
            write_lines(job.status.document for job in found)
            return
        names = Names(client)
        rows = [_job_row(job.status, names) for job in found]
    columns = ("job", "state", "name", "#trials", "#score", "#accuracy", "#parameters", "created")
    write_table(columns, rows)


def status(job_id: JobId, as_json: AsJson = False, url: Url = DEFAULT_URL) -> None:
    """Shows how a job is, once; `watch` goes on showing it."""
    with Client(url) as client:
        job = client.job(job_id)
        if as_json:
            typer.echo(json.dumps(job.status.document, indent=2))
        else:
            console = Console()
            watch([Follower(job).look()], console)
            if (told := result_line(job)) is not None:
                console.print(told, markup=False, highlight=False, soft_wrap=True)


def trials(
    job_id: JobId,
    first: Annotated[int, _FIRST] = 0,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Lists a job's trials by number; with `--json` a document a line."""
    with Client(url) as client:
        found = client.job(job_id).trials(first)
    if as_json:
        write_lines(trial.document for trial in found)
        return
    columns = ("#trial", "state", "#parameters", "#MACs", "#accuracy", "#score", "#ms", "#epochs")
    write_table((*columns, "note"), map(_trial_row, found))


def cancel(job_id: JobId, as_json: AsJson = False, url: Url = DEFAULT_URL) -> None:
    """Ends a job; its finished trials stay."""
    _command(Job.cancel, job_id, as_json, url)


def pause(job_id: JobId, as_json: AsJson = False, url: Url = DEFAULT_URL) -> None:
    """Stops a job until it is resumed; its finished trials stay."""
    _command(Job.pause, job_id, as_json, url)


def resume(job_id: JobId, as_json: AsJson = False, url: Url = DEFAULT_URL) -> None:
    """Lets a paused job go on."""
    _command(Job.resume, job_id, as_json, url)


def _command(command: Callable[[Job], Job], job_id: str, as_json: bool, url: str) -> None:
    with Client(url) as client:
        job = command(client.job(job_id))
    told = json.dumps(job.status.document, indent=2) if as_json else f"{job.id} {job.state}"
    typer.echo(told)


def _job_row(status: JobStatus, names: Names) -> list[str]:
    best = status.best
    own = "" if status.name == _UNNAMED else status.name
    return [
        status.id,
        status.state,
        own or names.title(status.request),
        f"{status.progress.tried}/{status.progress.total}",
        "" if best is None else f"{best.score:.4f}",
        share(None if best is None else best.accuracy),
        share(None if best is None else best.params_ratio),
        status.created_at,
    ]


def _trial_row(trial: Trial) -> list[str]:
    return [
        str(trial.number),
        trial.state,
        count(trial.params),
        count(trial.macs),
        share(trial.accuracy),
        "" if trial.score is None else f"{trial.score:.4f}",
        "" if trial.latency_ms is None else f"{trial.latency_ms:.3g}",
        "" if trial.epochs is None else str(trial.epochs),
        _note(trial),
    ]


def _note(trial: Trial) -> str:
    if trial.reused_from:
        return f"reused from {trial.reused_from['job']}, trial {trial.reused_from['trial']}"
    error = trial.error or {}
    return str(error.get("detail") or error.get("title") or "")
