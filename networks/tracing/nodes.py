"""What a node of a traced graph says of itself: operator, name, arguments, shape."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, fx
from torch._ops import OpOverload

from networks import operators as ops
from networks.architecture_json import DTYPES, FLOAT32, Attribute
from networks.errors import TraceError

_MULTIPLE = re.compile(r"(?:(\d+)\*)?[A-Za-z_]\w*")  # how a multiple of the batch size is written


class Extent(NamedTuple):
    """The shape of a value, as `Layer` has it."""

    shape: tuple[int, ...]
    repeats: int
    batch_dim: int | None


def operator_name(node: fx.Node) -> str:
    """The ATen operator that a node calls, as `operators` names it."""
    target = node.target
    if not isinstance(target, OpOverload) or target.namespace != "aten":
        raise TraceError(f"{node.name} calls {target}, which is no ATen operator")
    schema = ops.schema_of(target)
    base = schema.name.removeprefix("aten::")
    return f"{base}.{schema.overload_name}" if schema.overload_name else base


def pure_name(name: str) -> str:
    """The operator of that name that doesn't change its input."""
    base, _, overload = name.partition(".")
    return base.rstrip("_") + (f".{overload}" if overload else "")


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
    source = node.args[0] if node.args else None
    if not isinstance(source, fx.Node):
        raise TraceError(f"{node.name} has no input")
    return source


def argument(node: fx.Node, index: int, default: object = None) -> object:
    """An argument of an ATen call, by position or by name."""
    if index < len(node.args):
        return node.args[index]
    if isinstance(node.target, OpOverload):
        name = ops.schema_of(node.target).arguments[index].name
        return node.kwargs.get(name, default)
    return default


def value_of(node: fx.Node) -> Tensor:
    """What tracing knows of a node's value: its shape and type.

    Raises:
        TraceError: If it is not one tensor.
    """
    value = node.meta.get("val")
    if not isinstance(value, Tensor):
        raise TraceError(f"{node.name} gives {type(value).__name__}, not one tensor")
    return value


def extent_of(node: fx.Node) -> Extent:
    """The shape of a node's value, and where in it the batch is.

    Raises:
        TraceError: If it depends on the batch size in another way than by a multiple of it in one
            dimension.
    """
    sizes: tuple[object, ...] = tuple(value_of(node).shape)
    dynamic = [dim for dim, size in enumerate(sizes) if isinstance(size, torch.SymInt)]
    if not dynamic:
        return Extent(tuple(value_of(node).shape), 1, None)
    multiple = batch_multiple(sizes[dynamic[0]])
    if len(dynamic) > 1 or multiple is None:
        raise TraceError(f"{node.name} has shape {sizes}: more than a dimension is the batch's")
    shape = tuple(integer(size) for dim, size in enumerate(sizes) if dim != dynamic[0])
    return Extent(shape, multiple, dynamic[0])


def batch_multiple(size: object) -> int | None:
    """How many times the batch size a symbolic size is; `None` if it is no multiple of it."""
    found = _MULTIPLE.fullmatch(str(size))
    return int(found[1] or 1) if found else None


def rank_of(node: fx.Node) -> int:
    """Number of dimensions, the batch included."""
    return value_of(node).ndim


def dtype_of(tensor: Tensor, name: str) -> str:
    """The name of a tensor's type.

    Raises:
        TraceError: If we don't do it.
    """
    dtype = str(tensor.dtype).removeprefix("torch.")
    if dtype in DTYPES:
        return dtype
    raise TraceError(f"tensor {name!r} is {dtype}; convert the network to {FLOAT32}")


def constant_argument(value: object) -> Attribute:
    """An argument that is no node, as JSON.

    Raises:
        TraceError: If it is no JSON value, and nothing that stands for one.
    """
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": str(value)}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, torch.dtype):
        return {"dtype": str(value).removeprefix("torch.")}
    if isinstance(value, torch.device | torch.layout | torch.memory_format):
        return None  # where and how it is laid out is not the network's to say
    raise TraceError(f"an argument {value!r} can't be kept in an architecture")


def pair(value: object) -> list[Attribute]:
    """Two integers, of which one may stand for both."""
    if isinstance(value, int):
        return [value, value]
    if isinstance(value, Sequence):
        items = [integer(item) for item in value]
        return [items[0], items[-1]]
    raise TraceError(f"expected one or two integers, not {value!r}")


def integer(value: object) -> int:
    """The value, if it is an integer."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TraceError(f"expected an integer, not {value!r}")
    return value


def number(value: object) -> float:
    """The value, if it is a number."""
    if not isinstance(value, int | float):
        raise TraceError(f"expected a number, not {value!r}")
    return float(value)
