"""`stillhouse datasets`, `teachers`, `embeddings` and `upload`: what jobs are made of."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from stillhouse.client import Client
from stillhouse.commands import request_options as given
from stillhouse.commands.naming import Names
from stillhouse.commands.options import DEFAULT_URL, AsJson, Url
from stillhouse.commands.output import Limit, write_lines, write_table
from stillhouse.dataset_source import described, name_or_path
from stillhouse.request import BadRequestFile

upload = typer.Typer(help="Sends images or a network of your own.", no_args_is_help=True)

_NAME = Annotated[str | None, typer.Option(help="What to call it; the file's name by default.")]
_IMAGES = typer.Argument(
    metavar="PATH", help="An `.npz`, a folder of images (`CLASS/FILE`) or a `.zip` of one."
)
_TEACHER = typer.Argument(
    metavar="PATH",
    help="A `.pt2` (opened here), an `.onnx`, an `architecture.json` beside its `.safetensors`, "
    "a `.safetensors` of the `--network`, or a student's folder.",
)


def datasets(limit: Limit = 50, as_json: AsJson = False, url: Url = DEFAULT_URL) -> None:
    """Lists the uploaded datasets, newest first; with `--json` a document a line."""
    with Client(url) as client:
        found = list(islice(client.datasets(), limit))
    if as_json:
        write_lines(found)
        return
    rows = (
        [
            str(one["id"]), str(one["name"]), f"{one['n']:,}", f"{one['test_n']:,}",
            "x".join(map(str, one["shape"])), str(len(one["class_counts"])),
        ]
        for one in found
    )  # fmt: skip
    write_table(("dataset", "name", "#images", "#to test", "size", "#classes"), rows)


def teachers(limit: Limit = 50, as_json: AsJson = False, url: Url = DEFAULT_URL) -> None:
    """Lists the uploaded teachers, newest first; with `--json` a document a line."""
    with Client(url) as client:
        found = list(islice(client.teachers(), limit))
    if as_json:
        write_lines(teacher.document for teacher in found)
        return
    rows = ([one.id, one.state, one.name, given.teacher_facts(one)] for one in found)
    write_table(("teacher", "state", "name", "found"), rows)


def embeddings(limit: Limit = 50, as_json: AsJson = False, url: Url = DEFAULT_URL) -> None:
    """Lists what finished searches have learned, newest first; with `--json` a document a line."""
    with Client(url) as client:
        found = list(islice(client.embeddings(), limit))
        if as_json:
            write_lines(found)
            return
        fields, names = ("id", "teacher", "dataset", "trials", "job", "created_at"), Names(client)
        rows = [[names.of(str(one[field])) for field in fields] for one in found]
    write_table(("embedding", "teacher", "dataset", "#trials", "job", "created"), rows)


@upload.command("dataset")
def upload_dataset(
    path: Annotated[Path, _IMAGES],
    name: _NAME = None,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Uploads images and prints the dataset's id; what was found in them goes beside it."""
    images = name_or_path(path)
    assert isinstance(images, Path)
    with Client(url) as client:
        taken = client.upload_dataset(images, name)
    typer.echo(json.dumps(taken, indent=2) if as_json else taken["id"])
    if not as_json:
        typer.echo(described(taken), err=True)


@upload.command("teacher")
def upload_teacher(
    path: Annotated[Path, _TEACHER],
    preprocessing: given.Preprocessing = None,
    network: given.Network = None,
    input_shape: given.InputShape = None,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Uploads a network, waits for its check and prints the teacher's id.

    What was found in it goes to standard error.
    """
    if input_shape is not None and network is None:
        raise BadRequestFile("--input-shape goes with the weights of a --network alone")
    source = given.typed_source(path, preprocessing, network, input_shape)
    with Client(url) as client, source as found:
        uploaded = client.upload_source(found)
    given.say_ready(uploaded)
    typer.echo(json.dumps(uploaded.document, indent=2) if as_json else uploaded.id)
