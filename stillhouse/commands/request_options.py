"""The options by which a request is put together, for the commands that take one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from stillhouse.client import Client
from stillhouse.dataset_source import name_or_path
from stillhouse.documents import UploadedTeacher
from stillhouse.picture import count
from stillhouse.placing import placed
from stillhouse.request import (
    BadRequestFile,
    parse_assignments,
    read_object,
    read_request,
    read_shape,
    with_fields,
)
from stillhouse.teacher_source import TeacherSource, source_of

File = Annotated[
    Path | None,
    typer.Argument(metavar="[FILE]", help="A JSON file with the request; flags win over it."),
]
Network = Annotated[str | None, typer.Option(help="The teacher by name, such as `zoo/resnet20`.")]
TeacherFile = Annotated[
    Path | None,
    typer.Option(
        "--teacher",
        metavar="PATH|ID",
        help="A teacher of your own: an uploaded one's id `tch_…`, or a `.pt2` (opened here), an "
        "`.onnx`, an `architecture.json` beside its `.safetensors`, a `.safetensors` of the "
        "`--network`, or a student's folder.",
    ),
]
Preprocessing = Annotated[
    str | None,
    typer.Option(
        metavar="JSON|FILE",
        help="What the `--teacher` was trained with: `scale`, `mean` and `std` of "
        "(image / scale - mean) / std. Without it images are standardised by the data set.",
    ),
]
InputShape = Annotated[
    str | None,
    typer.Option(metavar="CxHxW", help="Images that the `--network` of a `--teacher` takes."),
]
Dataset = Annotated[
    str | None,
    typer.Option(
        help="A name such as `digits` or `torchvision/cifar10`, an uploaded one's id `dst_…`, or "
        "what to upload: an `.npz`, a folder of images (`CLASS/FILE`) or a `.zip` of one."
    ),
]
Name = Annotated[str | None, typer.Option(help="What to call the job.")]
Objective = Annotated[
    str | None, typer.Option(help="What is looked for: `score`, `accuracy` or `pareto`.")
]
Costs = Annotated[
    list[str] | None,
    typer.Option(
        "--cost",
        metavar="COST",
        help="What `pareto` weighs against accuracy: `params`, `macs` or `bytes`; one or two.",
    ),
]
ParamsRatio = Annotated[
    float | None, typer.Option(help="The student's largest share of the parameters.")
]
LatencyMs = Annotated[
    float | None, typer.Option(help="The student's longest measured latency, milliseconds.")
]
Runtime = Annotated[
    str | None, typer.Option(help="Where latency is measured: `onnxruntime` or `pytorch`.")
]
RoundTo = Annotated[
    int | None, typer.Option(help="Channels kept are a multiple of this; 8 when not given.")
]
Evaluations = Annotated[int | None, typer.Option(help="How many students to try.")]
Seed = Annotated[int | None, typer.Option(help="Every draw derives from it.")]
Assignments = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="FIELD=VALUE", help="Any field, such as `latency.threads=2`."),
]


@dataclass(frozen=True)
class Asked:
    """What was typed: each attribute is the option of its name, None where it wasn't given."""

    file: Path | None
    network: str | None
    teacher: Path | None
    preprocessing: str | None
    input_shape: str | None
    dataset: str | None
    name: str | None
    objective: str | None
    costs: Sequence[str] | None
    params_ratio: float | None
    latency_ms: float | None
    runtime: str | None
    round_to: int | None
    evaluations: int | None
    seed: int | None
    assignments: Sequence[str] | None

    def request(self, client: Client) -> dict[str, Any]:
        """Returns the request, with what it needs uploaded; says what was found on the way."""
        values = {
            "name": self.name,
            "teacher.id": self._uploaded(),
            "teacher.network": self.network if self.teacher is None else None,
            "objective.kind": self.objective,
            "objective.costs": self.costs or None,
            "constraints.params_ratio": self.params_ratio,
            "constraints.latency_ms": self.latency_ms,
            "latency.runtime": self.runtime,
            "search.round_to": self.round_to,
            "search.evaluations": self.evaluations,
            "search.seed": self.seed,
            **parse_assignments(self.assignments or []),
        }
        read = read_request(self.file) if self.file else {}
        request = with_fields(_for_kind(read, self.objective), values)
        is_here = self.teacher is not None and self._uploaded() is None
        if not is_here and (self.preprocessing is not None or self.input_shape):
            msg = "--preprocessing and --input-shape are of a --teacher's file, and none is given"
            raise BadRequestFile(msg)
        images = _named(request, "dataset") if self.dataset is None else name_or_path(self.dataset)
        with self._source() as source:
            teacher = _named(request, "teacher") if source is None else source
            parts = placed(client, teacher, images, say, say_ready)
        return parts | request | {key: parts[key] for key in ("teacher", "dataset") if key in parts}

    def _uploaded(self) -> str | None:
        """Returns the id of an uploaded teacher, if that is what was typed."""
        is_id = self.teacher is not None and str(self.teacher).startswith("tch_")
        return str(self.teacher) if is_id and not Path(str(self.teacher)).exists() else None

    def _source(self) -> AbstractContextManager[TeacherSource | None]:
        """Returns what yields the `--teacher` of this machine, where there is one."""
        if self.teacher is None or self._uploaded() is not None:
            return nullcontext()
        return typed_source(self.teacher, self.preprocessing, self.network, self.input_shape)


def typed_source(
    path: Path, preprocessing: str | None, network: str | None, input_shape: str | None
) -> AbstractContextManager[TeacherSource]:
    """Returns what yields the teacher made of a file, as it was typed; says what is found in it."""
    return source_of(
        path,
        preprocessing=None if preprocessing is None else read_object(preprocessing),
        network=network,
        input_shape=None if input_shape is None else read_shape(input_shape),
        say=say,
    )


def _for_kind(request: Mapping[str, Any], kind: str | None) -> dict[str, Any]:
    """Returns a file's request; where the objective is to be of another kind, without its costs."""
    objective = request.get("objective")
    if kind is None or not isinstance(objective, dict) or objective.get("kind") == kind:
        return dict(request)
    return {**request, "objective": {k: v for k, v in objective.items() if k != "costs"}}


def _named(request: Mapping[str, Any], part: str) -> Mapping[str, Any] | None:
    """Returns how a request names its teacher or its dataset; None if it isn't as it should be."""
    named = request.get(part)
    return named if isinstance(named, Mapping) else None


def teacher_facts(teacher: UploadedTeacher) -> str:
    """Returns in a few words what the server found in a teacher; nothing of one not ready."""
    if not (summary := teacher.summary):
        return ""
    found = [
        f"{count(int(summary[name]))} {told}"
        for name, told in (("params", "parameters"), ("macs", "MACs"))
        if name in summary
    ]
    groups = summary.get("groups")
    number = len(groups) if isinstance(groups, list) else groups
    found.append(f"{number} channel groups, {summary.get('removals')} removals")
    return ", ".join(found)


def say_ready(teacher: UploadedTeacher) -> None:
    """Tells what the server found in a teacher, beside the output."""
    frozen = (teacher.summary or {}).get("frozen") or {}
    say(f"{teacher.id} ({teacher.name}) is ready: {teacher_facts(teacher)}")
    for layer, why in list(frozen.items())[:5]:
        say(f"  kept as it is: {layer}: {why}")


def say(line: str) -> None:
    """Tells it beside the output, which programs read."""
    typer.echo(line, err=True)
