"""A student as a `.pt2` file that `torch.export.load` reads without this project."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import nn
from torch.export import Dim, ExportedProgram

from networks.errors import ExportError


def export_pt2(module: nn.Module, input_shape: tuple[int, ...], path: Path) -> None:
    """Writes `module` in eval mode and float32, for any batch size; whole or not at all.

    Args:
        module: The student; it is left in the mode it was in.
        input_shape: Of one image: `(channels, height, width)`.
        path: The file.

    Raises:
        ExportError: If `torch.export` can't take it.
    """
    program = exported_program(module, input_shape)
    with written_aside(path) as aside:
        torch.export.save(program, aside)


def exported_program(module: nn.Module, input_shape: tuple[int, ...]) -> ExportedProgram:
    """The program of `module` in eval mode, for any batch size; it is left in the mode it was in.

    Raises:
        ExportError: If `torch.export` can't take it.
    """
    training = module.training
    device = next((value.device for value in module.parameters()), None)
    example = torch.zeros(2, *input_shape, device=device)
    try:
        return torch.export.export(module.eval(), (example,), dynamic_shapes=({0: Dim("batch")},))
    except Exception as error:  # torch.export raises many kinds, with no root of their own
        raise ExportError(f"torch.export could not export the student: {error}") from error
    finally:
        module.train(training)


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Gives a path to write to, that is synced and takes the place of `path` if nothing is raised.

    It has the same suffix: a reader never sees half a file under the name of a whole one.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=path.suffix)
    os.close(handle)
    aside = Path(name)
    try:
        yield aside
        with aside.open("rb+") as file:
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
