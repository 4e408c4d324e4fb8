"""An ONNX file, weights inside, to a module that `networks.trace` takes.

ONNX operators are read one by one into PyTorch's (`networks.onnx.operators`); nothing in the file
is run, and nothing beside it is read.
"""

from __future__ import annotations

from pathlib import Path

from torch import nn

from networks.intake.limits import TeacherLimits
from networks.onnx.file import read_onnx_file
from networks.onnx.graph import GraphReader


def import_onnx(path: Path, limits: TeacherLimits) -> tuple[nn.Module, tuple[int, ...]]:
    """The network of an ONNX file of opset 13 to 23, and the shape of one image.

    Raises:
        TeacherFileError: If it is refused; the detail names the tensor or the node.
    """
    file = read_onnx_file(path, limits)
    return GraphReader(file, limits).module(), file.input_shape
