"""`stillhouse submit`: a job from flags, a file, or both."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer
from rich.console import Console

from stillhouse.client import Client
from stillhouse.commands import request_options as given
from stillhouse.commands.options import DEFAULT_URL, AsJson, Url
from stillhouse.commands.watch import show
from stillhouse.trial_logs import from_environment


def submit(  # noqa: PLR0913, PLR0917 - a command has as many parameters as options
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
    watch: Annotated[bool, typer.Option("--watch", help="Stay and watch it.")] = False,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Submits a compression job and prints its id."""
    asked = given.Asked(
        file, network, teacher, preprocessing, input_shape, dataset, name, objective, costs,
        params_ratio, latency_ms, runtime, round_to, evaluations, seed, assignments,
    )  # fmt: skip
    logs = from_environment(os.environ) if watch else []
    with Client(url) as client:
        job = client.submit(asked.request(client))
        if not as_json:
            typer.echo(job.id)
        if watch:
            show(job, Console(stderr=as_json), logs=logs)
        if as_json:
            typer.echo(json.dumps(job.status.document, indent=2))
