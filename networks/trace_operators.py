"""How each ATen operator of a traced graph becomes a layer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, fx
from torch._ops import OpOverload

from networks import operators as ops
from networks.architecture import Layer
from networks.architecture_json import Attribute
from networks.errors import TraceError

if TYPE_CHECKING:
    from networks.trace_graph import GraphReader

Read = list[tuple[Layer, fx.Node]]


def read_aten(reader: GraphReader, node: fx.Node) -> Read:
    """Any operator as it is: its arguments, with references in place of layers and tensors."""
    inputs: list[str] = []
    tensors: dict[str, str] = {}
    arguments = [reader.template(value, inputs, tensors) for value in node.args]
    keywords = {key: reader.template(v, inputs, tensors) for key, v in node.kwargs.items()}
    attributes: dict[str, Attribute] = {"args": arguments}
    if keywords:
        attributes["kwargs"] = keywords
    name = operator_name(node)
    base, _, overload = name.partition(".")
    op = base.rstrip("_") + (f".{overload}" if overload else "")
    return [
        (Layer(reader.named(node), op, tuple(inputs), shape_of(node), attributes, tensors), node)
    ]


def _read_conv(reader: GraphReader, node: fx.Node) -> Read:
    weight, bias = _argument(node, 1), _argument(node, 2)
    padding = _argument(node, 4, [0, 0])
    attributes: dict[str, Attribute] = {
        "stride": _pair(_argument(node, 3, [1, 1])),
        "padding": padding if isinstance(padding, str) else _pair(padding),
        "dilation": _pair(_argument(node, 5, [1, 1])),
        "groups": _integer(_argument(node, 6, 1)),
    }
    tensors = reader.tensors(weight=weight, bias=bias)
    if "weight" not in tensors or (bias is not None and "bias" not in tensors):
        return read_aten(reader, node)  # its weight is computed, not a parameter
    return reader.layer(node, ops.CONV, attributes, tensors)


def _read_linear(reader: GraphReader, node: fx.Node) -> Read:
    weight, bias = _argument(node, 1), _argument(node, 2)
    tensors = reader.tensors(weight=weight, bias=bias)
    if "weight" not in tensors or (bias is not None and "bias" not in tensors):
        return read_aten(reader, node)
    return reader.layer(node, ops.LINEAR, {}, tensors)


def _read_batch_norm(reader: GraphReader, node: fx.Node) -> Read:
    names = ("weight", "bias", "running_mean", "running_var")
    tensors = reader.tensors(**{name: _argument(node, i + 1) for i, name in enumerate(names)})
    if "running_mean" not in tensors:
        return read_aten(reader, node)
    momentum, eps = _argument(node, 6), _argument(node, 7)
    attributes: dict[str, Attribute] = {"momentum": _float(momentum), "eps": _float(eps)}
    return reader.layer(node, ops.BATCH_NORM, attributes, tensors)


def _read_dropout(reader: GraphReader, node: fx.Node) -> Read:
    return reader.layer(node, ops.DROPOUT, {"p": _float(_argument(node, 1))})


def _read_reshape(reader: GraphReader, node: fx.Node) -> Read:
    return reader.layer(node, ops.RESHAPE)


def _read_transpose(reader: GraphReader, node: fx.Node) -> Read:
    rank = len(shape_of(node)) + 1
    first, second = (_integer(_argument(node, i)) % rank for i in (1, 2))
    if 0 in (first, second):
        raise TraceError(f"{node.name} moves the batch dimension")
    dims = list(range(rank))
    dims[first], dims[second] = dims[second], dims[first]
    return reader.layer(node, ops.PERMUTE, {"dims": list(dims)})


def _read_permute(reader: GraphReader, node: fx.Node) -> Read:
    rank = len(shape_of(node)) + 1
    order = _argument(node, 1)
    dims = [_integer(dim) % rank for dim in order] if isinstance(order, Sequence) else []
    if not dims or dims[0] != 0:
        raise TraceError(f"{node.name} moves the batch dimension")
    return reader.layer(node, ops.PERMUTE, {"dims": list(dims)})


def _read_parts(reader: GraphReader, node: fx.Node) -> Read:
    """`chunk` and `split` as one slice for each part that is used."""
    dim = _integer(_argument(node, 2, 0)) % (len(shape_of(input_of(node))) + 1)
    sizes = [int(part.shape[dim]) for part in node.meta["val"]]
    read: Read = []
    for user in node.users:
        index = _integer(user.args[1])
        start = sum(sizes[:index])
        attributes: dict[str, Attribute] = {"dim": dim, "start": start, "end": start + sizes[index]}
        read += reader.layer(user, ops.SLICE, attributes, source=input_of(node))
    return read


def is_whole_slice(node: fx.Node, name: str) -> bool:
    """Whether a node slices all of a dimension, as `x[:, 2:]` does of its first."""
    if name != "slice.Tensor" or _argument(node, 4, 1) != 1:
        return False
    if _argument(node, 1, 0) == 0:
        end = _argument(node, 3)
        return _argument(node, 2) in (0, None) and end in (None, sys.maxsize)
    return shape_of(node) == shape_of(input_of(node))


def _read_slice(reader: GraphReader, node: fx.Node) -> Read:
    dim = _integer(_argument(node, 1, 0)) % (len(shape_of(node)) + 1)
    if dim == 0 or _argument(node, 4, 1) != 1:
        return read_aten(reader, node)
    size = shape_of(input_of(node))[dim - 1]
    start = _argument(node, 2, 0) or 0
    start = min(_integer(start) % size if _integer(start) < 0 else _integer(start), size)
    end = start + shape_of(node)[dim - 1]
    return reader.layer(node, ops.SLICE, {"dim": dim, "start": start, "end": end})


def _read_cat(reader: GraphReader, node: fx.Node) -> Read:
    parts = node.args[0]
    names: list[str] = []
    if not isinstance(parts, Sequence):
        raise TraceError(f"{node.name} concatenates something that is no list")
    reader.template(list(parts), names, {})
    dim = _integer(_argument(node, 1, 0)) % (len(shape_of(node)) + 1)
    if dim == 0 or len(names) != len(parts):
        raise TraceError(f"{node.name} concatenates along the batch, or with a constant")
    layer = Layer(reader.named(node), ops.CAT, tuple(names), shape_of(node), {"dim": dim})
    return [(layer, node)]


READERS: dict[str, Callable[[GraphReader, fx.Node], Read]] = {
    "conv2d": _read_conv,
    "conv2d.padding": _read_conv,
    "linear": _read_linear,
    "batch_norm": _read_batch_norm,
    "dropout": _read_dropout,
    "view": _read_reshape,
    "reshape": _read_reshape,
    "flatten.using_ints": _read_reshape,
    "unflatten.int": _read_reshape,
    "squeeze.dim": _read_reshape,
    "squeeze.dims": _read_reshape,
    "unsqueeze": _read_reshape,
    "transpose.int": _read_transpose,
    "permute": _read_permute,
    "chunk": _read_parts,
    "split.Tensor": _read_parts,
    "split_with_sizes": _read_parts,
    "slice.Tensor": _read_slice,
    "cat": _read_cat,
}


def operator_name(node: fx.Node) -> str:
    """The ATen operator that a node calls, as `operators` names it."""
    target = node.target
    if not isinstance(target, OpOverload) or target.namespace != "aten":
        raise TraceError(f"{node.name} calls {target}, which is no ATen operator")
    schema = ops.schema_of(target)
    base = schema.name.removeprefix("aten::")
    return f"{base}.{schema.overload_name}" if schema.overload_name else base


def name_of(node: fx.Node) -> str:
    """Its module's path where the module is one of PyTorch's own layers, else path and operator."""
    operator = node.name.rstrip("_0123456789")
    stack = list(node.meta.get("nn_module_stack", {}).values())
    path, kind = stack[-1] if stack else ("", "")
    if str(kind).startswith("torch.nn.modules.") and not str(kind).endswith(".Sequential"):
        return str(path) or operator
    return f"{path}.{operator}" if path and str(kind) else operator


def input_of(node: fx.Node) -> fx.Node:
    """The node that is its first argument."""
    source = node.args[0]
    if not isinstance(source, fx.Node):
        raise TraceError(f"{node.name} has no input")
    return source


def _argument(node: fx.Node, index: int, default: object = None) -> object:
    if index < len(node.args):
        return node.args[index]
    if isinstance(node.target, OpOverload):
        name = ops.schema_of(node.target).arguments[index].name
        return node.kwargs.get(name, default)
    return default


def shape_of(node: fx.Node) -> tuple[int, ...]:
    """The shape without the batch dimension.

    Raises:
        TraceError: If the first dimension isn't the batch, or another depends on it.
    """
    value = node.meta.get("val")
    if not isinstance(value, Tensor):
        raise TraceError(f"{node.name} gives {type(value).__name__}, not one tensor")
    sizes = tuple(value.shape)
    if not sizes or not isinstance(sizes[0], torch.SymInt) or not str(sizes[0]).isidentifier():
        raise TraceError(f"{node.name} has shape {sizes}, whose first dimension is not the batch")
    if any(isinstance(size, torch.SymInt) for size in sizes[1:]):
        raise TraceError(f"{node.name} has shape {sizes}: a dimension depends on the batch size")
    return tuple(int(size) for size in sizes[1:])


def path_of(tensors: dict[str, str] | None) -> str:
    """The module's path, where the weight's name tells it."""
    weight = (tensors or {}).get("weight", (tensors or {}).get("running_mean", ""))
    return weight.rpartition(".")[0]


def _pair(value: object) -> list[Attribute]:
    if isinstance(value, int):
        return [value, value]
    if isinstance(value, Sequence):
        items = [_integer(item) for item in value]
        return [items[0], items[-1]]
    raise TraceError(f"expected one or two integers, not {value!r}")


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TraceError(f"expected an integer, not {value!r}")
    return value


def _float(value: object) -> float:
    if not isinstance(value, int | float):
        raise TraceError(f"expected a number, not {value!r}")
    return float(value)
