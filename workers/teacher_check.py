"""`python -m workers.teacher_check`: reads an uploaded teacher, far from everything else.

Reads one JSON object on standard input: `kind`, `network`, `input_shape`, `preprocessing`, `files`
(paths by field), `max_file_bytes`, and where to write the graph and the weights,
`architecture_out` (JSON) and `weights_out` (safetensors). Writes one line of JSON: `summary` or
`problem`. It runs within limits (`workers.confined`).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

import networks
from networks import NetworkError, Space, TeacherFileError, TeacherLimits, Traced
from workers.problems import RejectedTeacher

LONGEST_NAME = 200  # characters of a layer's name


def check(document: Mapping[str, Any]) -> dict[str, object]:
    """Returns `{"summary": …}` of a teacher that can be compressed, having written its artifacts.

    Of another it returns `{"problem": …}`, which points at the field of the upload to blame.
    """
    try:
        traced = _read(document)
        _expect_short_names(traced)
        summary = _summary(traced)
    except TeacherFileError as error:
        return {"problem": RejectedTeacher.because(error.where, error.detail).problem()}
    except NetworkError as error:
        return {"problem": RejectedTeacher.because(document["kind"], str(error)).problem()}
    if (detail := _unfit_preprocessing(document["preprocessing"], traced)) is not None:
        return {"problem": RejectedTeacher.because("preprocessing", detail).problem()}
    Path(document["architecture_out"]).write_text(traced.architecture.to_json())
    tensors = {name: tensor.contiguous() for name, tensor in traced.weights.items()}
    save_file(tensors, document["weights_out"])
    return {"summary": summary}


def _read(document: Mapping[str, Any]) -> Traced:
    """Returns the teacher's graph and float32 weights; raises `TeacherFileError`."""
    files = {field: Path(path) for field, path in document["files"].items()}
    limits = TeacherLimits(max_file_bytes=document["max_file_bytes"])
    if document["kind"] == "onnx":
        return networks.read_onnx(files["onnx"], limits)
    if document["kind"] == "architecture":
        return networks.read_architecture(files["architecture"], files["weights"], limits)
    shape = document["input_shape"]
    return networks.read_named(
        document["network"], files["weights"], limits, None if shape is None else tuple(shape)
    )


def _unfit_preprocessing(given: Mapping[str, Any] | None, traced: Traced) -> str | None:
    """Returns why the preprocessing can't be used; None if it can."""
    channels = traced.architecture.input_shape[0]
    if given is None or len(given["mean"]) == channels:
        return None
    return f"it has {len(given['mean'])} values of `mean`, but images of {channels} channels"


def _expect_short_names(traced: Traced) -> None:
    """Raises `NetworkError` for a name that is too long to be shown."""
    longest = max((layer.name for layer in traced.architecture.layers), key=len)
    if len(longest) > LONGEST_NAME:
        raise NetworkError(
            f"the name of layer '{longest[:40]}…' has {len(longest)} characters;"
            f" {LONGEST_NAME} are allowed"
        )


def _summary(traced: Traced) -> dict[str, object]:
    """Returns what users are told of the teacher; raises `NothingToEditError`.

    Every width counts, as with a `round_to` of 1: a job may ask for that.
    """
    space = Space(traced.architecture)
    costs = space.costs(space.teacher())
    return {
        "params": int(costs.params),
        "macs": int(costs.macs),
        "layers": len(space.layers),
        "classes": traced.architecture.output_shape[0],
        "input_shape": list(traced.architecture.input_shape),
        "groups": len(space.groups),
        "removals": len(space.removals),
        "frozen": dict(space.channels.frozen_by),
    }


def main() -> int:
    """Checks what standard input describes; returns the exit code."""
    torch.set_num_threads(1)
    answer = check(json.loads(sys.stdin.read()))
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
