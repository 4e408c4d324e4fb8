"""`stillhouse pareto`: the trials that no other beats, and the files of their final students."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from stillhouse.client import Client
from stillhouse.commands.options import DEFAULT_URL, AsJson, JobId, Url
from stillhouse.download import require_plain_name
from stillhouse.errors import NoStudentYet
from stillhouse.job import Job
from stillhouse.picture import count
from stillhouse.students import ParetoSet, ParetoTrial

_TO = typer.Option(
    "--to", metavar="DIRECTORY", help="Fetch the final students' files, each into a folder in it."
)
_LABELS = {"params": "parameters", "macs": "MACs", "bytes": "bytes"}


def pareto(
    job_id: JobId,
    to: Annotated[Path | None, _TO] = None,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Shows a job's trials that no other beats on accuracy and costs, and fetches their students.

    Of a job with another objective than `pareto` the costs are its MACs.
    """
    with Client(url) as client:
        job = client.job(job_id)
        found = job.pareto_set()
        if to is not None:
            _fetch(job, found, to)
    if as_json:
        typer.echo(json.dumps(found.document, indent=2))
        return
    console = Console(highlight=False)
    console.print(_table(found))
    for student in found.final_students if to is not None else ():
        console.print(f"files: {to}/{student.id}", markup=False, soft_wrap=True)


def _fetch(job: Job, found: ParetoSet, to: Path) -> None:
    if not found.final_students:
        msg = f"no student of {job.id}'s Pareto set has had its final training ({job.state})"
        raise NoStudentYet(msg)
    for student in found.final_students:
        require_plain_name(student.id)
        job.download(to / student.id, student)


def _table(found: ParetoSet) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bright_black", pad_edge=False)
    for name in ("trial", "accuracy", *(_LABELS.get(cost, cost) for cost in found.costs)):
        table.add_column(name, justify="right")
    table.add_column("final accuracy", justify="right")
    table.add_column("student", overflow="fold")
    for trial in found.trials:
        table.add_row(*_row(trial, found.costs))
    return table


def _row(trial: ParetoTrial, costs: tuple[str, ...]) -> list[str]:
    student = trial.student
    return [
        str(trial.number),
        "" if trial.accuracy is None else f"{trial.accuracy:.2%}",
        *(count(int(trial.document[cost])) for cost in costs),
        f"{student.accuracy:.2%}" if student is not None and student.final else "",
        "" if student is None else student.id,
    ]
