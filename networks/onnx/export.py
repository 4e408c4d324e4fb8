"""A student as one ONNX file, weights inside, that ONNX runtimes read without this project."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import nn
from torch.onnx import ONNXProgram

from networks.architecture import Architecture
from networks.errors import ExportError
from networks.export import exported_program, written_aside
from networks.student import build
from networks.tracing.weightless import weightless

INPUT_NAME = "images"
OUTPUT_NAME = "logits"
BATCH_NAME = "batch"
OPSET = 18  # the oldest that PyTorch's exporter writes: the most runtimes read it
_OPERATOR = re.compile(r"No ONNX function found for <OpOverload\(op='([\w.]+)'")


def export_onnx(module: nn.Module, input_shape: tuple[int, ...], path: Path) -> None:
    """Writes `module` in eval mode and float32, for any batch size; whole or not at all.

    The file has one input, `images` (`batch x channels x height x width`), and one output,
    `logits` (`batch x classes`).

    Args:
        module: The student; it is left in the mode it was in.
        input_shape: Of one image: `(channels, height, width)`.
        path: The file.

    Raises:
        ExportError: If ONNX has no form for one of its operators (the message names it), or
            `torch.export` can't take it.
    """
    program = _converted(module, input_shape, optimize=True)
    with written_aside(path) as aside:
        program.save(aside, external_data=False)


def expect_onnx_form(architecture: Architecture) -> None:
    """Tries the export of a network without weights: no memory, and no file.

    Raises:
        ExportError: As `export_onnx`.
    """
    with weightless():
        module = build(architecture)
    _converted(module, architecture.input_shape, optimize=False)


def _converted(module: nn.Module, input_shape: tuple[int, ...], *, optimize: bool) -> ONNXProgram:
    """Returns the ONNX form; optimizing it takes weights, and half of the time."""
    exported = exported_program(module, input_shape)
    try:
        with _quiet():
            program = torch.onnx.export(
                exported,
                dynamo=True,
                external_data=False,
                input_names=[INPUT_NAME],
                output_names=[OUTPUT_NAME],
                dynamic_shapes=({0: BATCH_NAME},),  # renames what torch.export calls s77
                opset_version=OPSET,
                optimize=optimize,
                verbose=False,
            )
    except Exception as error:  # the exporter raises many kinds, with no root of their own
        raise ExportError(f"no ONNX form of the student: {_reason(error)}") from error
    if program is None:
        raise ExportError("no ONNX form of the student: the exporter gave none")
    return program


def _reason(error: BaseException) -> str:
    """The operator that has no ONNX form, where the exporter names one; else its first line."""
    chain: BaseException | None = error
    while chain is not None:
        if found := _OPERATOR.search(str(chain)):
            return f"ONNX has none of operator {found.group(1)}"
        chain = chain.__cause__ or chain.__context__
    return str(error).strip().partition("\n")[0]


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's warnings and its log of rewriting steps."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
