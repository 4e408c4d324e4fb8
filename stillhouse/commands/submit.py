"""`stillhouse submit`: a job from flags, a file, or both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from stillhouse.client import Client
from stillhouse.commands.options import DEFAULT_URL, AsJson, Url
from stillhouse.commands.watch import show
from stillhouse.request import BadRequestFile, parse_assignments, read_request, with_fields

_FILE = typer.Argument(metavar="[FILE]", help="A JSON file with the request; flags win over it.")


def submit(  # noqa: PLR0913, PLR0917 - a command has as many parameters as options
    file: Annotated[Path | None, _FILE] = None,
    network: Annotated[
        str | None, typer.Option(help="The teacher, such as `zoo/resnet20`.")
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(help="`digits`, an uploaded one's id `dst_…`, or an `.npz` to upload."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="What to call the job.")] = None,
    params_ratio: Annotated[
        float | None, typer.Option(help="The student's largest share of the parameters.")
    ] = None,
    evaluations: Annotated[int | None, typer.Option(help="How many students to try.")] = None,
    seed: Annotated[int | None, typer.Option(help="Every draw derives from it.")] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="FIELD=VALUE", help="Any field, such as `search.strategy=random`."
        ),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Stay and watch it.")] = False,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Submits a compression job and prints its id."""
    console = Console()
    with Client(url) as client:
        values: dict[str, Any] = {
            "name": name,
            "teacher.network": network,
            "constraints.params_ratio": params_ratio,
            "search.evaluations": evaluations,
            "search.seed": seed,
            **parse_assignments(assignments or []),
        }
        request = with_fields(read_request(file) if file else {}, values)
        if dataset is not None:
            request["dataset"] = _dataset(client, dataset)
        job = client.submit(request)
        typer.echo(json.dumps(job.status.document, indent=2) if as_json else job.id)
        if watch:
            show(job, console)


def _dataset(client: Client, dataset: str) -> dict[str, str]:
    """Returns how a request names a data set; an `.npz` on this machine is uploaded first."""
    if dataset.startswith("dst_"):
        return {"id": dataset}
    path = Path(dataset)
    if path.suffix != ".npz":
        return {"name": dataset}
    if not path.is_file():
        msg = f"there is no file {path}"
        raise BadRequestFile(msg)
    return {"id": str(client.upload_dataset(path)["id"])}
