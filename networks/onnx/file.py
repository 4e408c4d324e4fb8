"""A safe reader of ONNX files: what they hold is checked before it is used, nothing beside them is.

Only tensors that stand inside the file are taken, none of whose size isn't what their bytes say.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor

from networks.architecture_json import MAX_RANK
from networks.intake.limits import TeacherFileError, TeacherLimits
from networks.onnx.wire import WHERE, expect_modest_structure

OPSETS = range(13, 24)
OUR_DOMAINS = ("", "ai.onnx")
NODES_PER_LAYER = 8  # what computes the shapes around a layer is folded away

_Kind = onnx.TensorProto
_TYPES: dict[int, tuple[type[np.generic], str]] = {
    _Kind.FLOAT: (np.float32, "float_data"),
    _Kind.INT64: (np.int64, "int64_data"),
    _Kind.INT32: (np.int32, "int32_data"),
    _Kind.BOOL: (np.bool_, "int32_data"),
}


@dataclass(frozen=True)
class OnnxFile:
    """A parsed file: its graph, the version of its operators, and the shape of one image."""

    graph: onnx.GraphProto
    opset: int
    input_name: str
    output_name: str
    input_shape: tuple[int, ...]


def read_onnx_file(path: Path, limits: TeacherLimits) -> OnnxFile:
    """Parses an ONNX file of at most the limits' size.

    Raises:
        TeacherFileError: If it is none, is too large, or has something that no teacher may have.
    """
    size = path.stat().st_size
    if size > limits.max_file_bytes:
        raise _refused(f"the file has {size} bytes, at most {limits.max_file_bytes} are taken")
    data = path.read_bytes()
    expect_modest_structure(data, limits.max_structure_bytes)
    try:
        model = onnx.ModelProto.FromString(data)
    except Exception as error:  # protobuf's, whose kind depends on how it was built
        if "depth" in str(error).lower():
            raise _refused(
                "its graphs are nested dozens of levels deep; a teacher is one graph, without"
                " graphs inside its nodes (`If`, `Loop`)"
            ) from error
        raise _refused(f"this is no ONNX file: {error}") from error
    graph = model.graph
    if not graph.node:
        raise _refused("this is no ONNX file, or its graph has no nodes")
    if len(graph.node) > limits.max_layers * NODES_PER_LAYER:
        raise _refused(
            f"it has {len(graph.node)} nodes, "
            f"at most {limits.max_layers * NODES_PER_LAYER} are taken"
        )
    if graph.sparse_initializer:
        raise _refused("it has sparse tensors, which are not taken")
    constants = {tensor.name for tensor in graph.initializer}
    if len(constants) < len(graph.initializer):
        raise _refused("two of its initialisers have the same name")
    name, shape = _input(graph, constants, limits)
    if len(graph.output) != 1:
        raise _refused(f"it has {len(graph.output)} outputs; a classifier has one, its logits")
    return OnnxFile(graph, _opset(model), name, graph.output[0].name, shape)


def _opset(model: onnx.ModelProto) -> int:
    versions = [entry.version for entry in model.opset_import if entry.domain in OUR_DOMAINS]
    if len(versions) != 1 or versions[0] not in OPSETS:
        raise _refused(
            f"its operator sets are {versions}; one from {OPSETS[0]} to {OPSETS[-1]} is taken"
        )
    return int(versions[0])


def _input(
    graph: onnx.GraphProto, constants: set[str], limits: TeacherLimits
) -> tuple[str, tuple[int, ...]]:
    inputs = [value for value in graph.input if value.name not in constants]
    if len(inputs) != 1:
        raise _refused(f"it has {len(inputs)} inputs; a classifier has one, its images")
    (value,) = inputs
    kind = value.type.tensor_type
    if kind.elem_type != _Kind.FLOAT:
        raise _refused(f"its input {value.name!r} is not float32 but {_type_name(kind.elem_type)}")
    if len(kind.shape.dim) > MAX_RANK:
        raise _refused(f"its input {value.name!r} has {len(kind.shape.dim)} dimensions, not 4")
    sizes = [dim.dim_value if dim.HasField("dim_value") else None for dim in kind.shape.dim]
    image = tuple(size for size in sizes[1:] if size is not None)
    if len(sizes) != 4 or len(image) != 3 or min(image) < 1:
        raise _refused(
            f"its input {value.name!r} must be batch x channels x height x width, all fixed but "
            f"the batch, not {[dim.dim_param or dim.dim_value for dim in kind.shape.dim]}"
        )
    if math.prod(image) * 4 > limits.max_activation_bytes:
        raise _refused(f"its images are too large: {image}")
    return value.name, image


def tensor_of(proto: onnx.TensorProto, name: str) -> Tensor:
    """A copy of a tensor that stands in the file.

    Raises:
        TeacherFileError: If its data are outside, are of a type that we don't do, or are more or
            fewer than its shape says.
    """
    if proto.data_location == _Kind.EXTERNAL or proto.external_data:
        raise _refused(
            f"tensor {name!r} is in another file; export with the weights inside "
            "(external_data=False)"
        )
    if proto.data_type not in _TYPES:
        raise _refused(f"tensor {name!r} is {_type_name(proto.data_type)}; weights must be float32")
    kind, field = _TYPES[proto.data_type]
    if len(proto.dims) > MAX_RANK:
        raise _refused(
            f"tensor {name!r} has {len(proto.dims)} dimensions, at most {MAX_RANK} are taken"
        )
    shape = tuple(proto.dims)
    if any(size < 0 for size in shape):
        raise _refused(f"tensor {name!r} has the shape {shape}, which is none")
    count = math.prod(shape)
    if proto.HasField("raw_data"):
        held = len(proto.raw_data) / np.dtype(kind).itemsize
    else:
        held = len(getattr(proto, field))
    if held != count:
        raise _refused(f"tensor {name!r} of shape {shape} has {count} numbers, it holds {held:g}")
    if proto.HasField("raw_data"):
        array = np.frombuffer(proto.raw_data, kind)
    else:
        array = np.array(getattr(proto, field), kind)
    value = torch.from_numpy(array.copy()).reshape(shape)
    if value.dtype == torch.float32 and bool(torch.isnan(value).any()):
        raise _refused(f"tensor {name!r} holds NaN; all weights must be finite")
    return value


def _type_name(number: int) -> str:
    names: dict[int, str] = {value: name.lower() for name, value in _Kind.DataType.items()}
    return names.get(number, f"type {number}")


def _refused(detail: str) -> TeacherFileError:
    return TeacherFileError(WHERE, detail)
