"""`stillhouse estimate`: what a job would find and take, before anything is trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stillhouse.client import Client
from stillhouse.commands import request_options as given
from stillhouse.commands.options import DEFAULT_URL, AsJson, Url
from stillhouse.documents import Document
from stillhouse.estimate_picture import save_estimate
from stillhouse.estimate_table import estimate_table

_SVG = typer.Option("--svg", metavar="FILE", help="Draws a picture too, there.")


def estimate(  # noqa: PLR0913, PLR0917 - a command has as many parameters as options
    file: given.File = None,
    network: given.Network = None,
    teacher: given.TeacherFile = None,
    preprocessing: given.Preprocessing = None,
    input_shape: given.InputShape = None,
    dataset: given.Dataset = None,
    name: given.Name = None,
    objective: given.Objective = None,
    costs: given.Costs = None,
    params_ratio: given.ParamsRatio = None,
    latency_ms: given.LatencyMs = None,
    runtime: given.Runtime = None,
    round_to: given.RoundTo = None,
    evaluations: given.Evaluations = None,
    seed: given.Seed = None,
    assignments: given.Assignments = None,
    svg: Annotated[Path | None, _SVG] = None,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Tells in seconds what a job would find and take; takes what `submit` takes.

    Exits with 1 when no student keeps the constraints, after telling all the rest. An estimate that
    can't judge them exits with 0.
    """
    asked = given.Asked(
        file, network, teacher, preprocessing, input_shape, dataset, name, objective, costs,
        params_ratio, latency_ms, runtime, round_to, evaluations, seed, assignments,
    )  # fmt: skip
    with Client(url) as client:
        found = client.estimate(asked.request(client))
    result = found.result or {}
    if as_json:
        typer.echo(json.dumps(found.document, indent=2))
    else:
        Console(highlight=False).print(estimate_table(result))
    if svg is not None:
        save_estimate(result, _title(found.document), svg)
        typer.echo(f"picture: {svg}", err=as_json)
    if found.infeasible:
        raise typer.Exit(1)


def _title(document: Document) -> str:
    teacher, dataset = document["request"]["teacher"], document["request"]["dataset"]
    names = [one.get("network") or one.get("name") or one.get("id") for one in (teacher, dataset)]
    return f"The students of {names[0]} for {names[1]}"
