"""A student as a `.pt2` file that `torch.export.load` reads without this project."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import torch
from torch import nn
from torch.export import Dim

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
    training = module.training
    device = next(module.parameters()).device
    example = torch.zeros(2, *input_shape, device=device)
    try:
        program = torch.export.export(
            module.eval(), (example,), dynamic_shapes=({0: Dim("batch")},)
        )
    except Exception as error:  # torch.export raises many kinds, with no root of their own
        raise ExportError(f"torch.export could not export the student: {error}") from error
    finally:
        module.train(training)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".pt2")
    os.close(handle)
    aside = Path(name)
    try:
        torch.export.save(program, aside)
        with aside.open("rb+") as file:
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
