"""How each ATen operator of a traced graph becomes a layer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from torch import fx

from networks import operators as ops
from networks.architecture import INPUT, Layer
from networks.architecture_json import Attribute
from networks.errors import TraceError
from networks.tracing.nodes import (
    argument,
    dtype_of,
    input_of,
    integer,
    number,
    operator_name,
    pair,
    pure_name,
    rank_of,
    value_of,
)

if TYPE_CHECKING:
    from networks.tracing.graph import GraphReader

Read = list[tuple[Layer, fx.Node]]


def read_aten(reader: GraphReader, node: fx.Node) -> Read:
    """Any operator as it is: its arguments, with references in place of layers and tensors.

    Of an operator with several outputs each that is used gets a layer of its own.
    """
    inputs: list[str] = []
    tensors: dict[str, str] = {}
    attributes: dict[str, Attribute] = {
        "args": [reader.template(value, inputs, tensors) for value in node.args]
    }
    if node.kwargs:
        attributes["kwargs"] = {
            key: reader.template(value, inputs, tensors) for key, value in node.kwargs.items()
        }
    op = pure_name(operator_name(node))
    op = f"{op}.default" if op in ops.OURS else op
    if not isinstance(node.meta.get("val"), Sequence):
        return reader.call(node, op, inputs, attributes, tensors)
    read: Read = []
    for user in node.users:
        part: dict[str, Attribute] = {**attributes, "part": integer(user.args[1])}
        read += reader.call(user, op, inputs, part, tensors)
    return read


def _read_conv(reader: GraphReader, node: fx.Node) -> Read:
    tensors = reader.module_tensors(weight=argument(node, 1), bias=argument(node, 2))
    if tensors is None:
        return read_aten(reader, node)  # its weight is computed, not a parameter
    padding = argument(node, 4, [0, 0])
    attributes: dict[str, Attribute] = {
        "stride": pair(argument(node, 3, [1, 1])),
        "padding": padding if isinstance(padding, str) else pair(padding),
        "dilation": pair(argument(node, 5, [1, 1])),
        "groups": integer(argument(node, 6, 1)),
    }
    return reader.layer(node, ops.CONV, attributes, tensors)


def _read_linear(reader: GraphReader, node: fx.Node) -> Read:
    tensors = reader.module_tensors(weight=argument(node, 1), bias=argument(node, 2))
    if tensors is None:
        return read_aten(reader, node)
    return reader.layer(node, ops.LINEAR, {}, tensors)


def _read_batch_norm(reader: GraphReader, node: fx.Node) -> Read:
    names = ("weight", "bias", "running_mean", "running_var")
    tensors = reader.module_tensors(**{name: argument(node, i + 1) for i, name in enumerate(names)})
    if tensors is None or len(tensors) not in (2, 4) or "running_mean" not in tensors:
        return read_aten(reader, node)
    momentum, eps = argument(node, 6), argument(node, 7)
    attributes: dict[str, Attribute] = {"momentum": number(momentum), "eps": number(eps)}
    return reader.layer(node, ops.BATCH_NORM, attributes, tensors)


def _read_layer_norm(reader: GraphReader, node: fx.Node) -> Read:
    tensors = reader.module_tensors(weight=argument(node, 2), bias=argument(node, 3))
    dims = argument(node, 1)
    if tensors is None or not isinstance(dims, Sequence) or list(tensors) == ["bias"]:
        return read_aten(reader, node)
    eps = number(argument(node, 4, 1e-5))
    return reader.layer(node, ops.LAYER_NORM, {"dims": len(dims), "eps": eps}, tensors)


def _read_group_norm(reader: GraphReader, node: fx.Node) -> Read:
    tensors = reader.module_tensors(weight=argument(node, 2), bias=argument(node, 3))
    if tensors is None or len(tensors) == 1:
        return read_aten(reader, node)
    eps = number(argument(node, 4, 1e-5))
    attributes: dict[str, Attribute] = {"groups": integer(argument(node, 1)), "eps": eps}
    return reader.layer(node, ops.GROUP_NORM, attributes, tensors)


def _read_dropout(reader: GraphReader, node: fx.Node) -> Read:
    return reader.layer(node, ops.DROPOUT, {"p": number(argument(node, 1))})


def _read_reshape(reader: GraphReader, node: fx.Node) -> Read:
    return reader.layer(node, ops.RESHAPE)


def _read_transpose(reader: GraphReader, node: fx.Node) -> Read:
    rank = rank_of(node)
    first, second = (integer(argument(node, i)) % rank for i in (1, 2))
    dims = list(range(rank))
    dims[first], dims[second] = dims[second], dims[first]
    return reader.layer(node, ops.PERMUTE, {"dims": list(dims)})


def _read_permute(reader: GraphReader, node: fx.Node) -> Read:
    rank = rank_of(node)
    order = argument(node, 1)
    dims = [integer(dim) % rank for dim in order] if isinstance(order, Sequence) else []
    return reader.layer(node, ops.PERMUTE, {"dims": list(dims)})


def _read_transposed(reader: GraphReader, node: fx.Node) -> Read:
    """`x.T` and `x.mT`: the last two dimensions change places."""
    rank = rank_of(node)
    if rank < 2:
        return read_aten(reader, node)
    return reader.layer(node, ops.PERMUTE, {"dims": [*range(rank - 2), rank - 1, rank - 2]})


def _read_parts(reader: GraphReader, node: fx.Node) -> Read:
    """`chunk` and `split` as one slice for each part that is used."""
    dim = integer(argument(node, 2, 0)) % rank_of(input_of(node))
    if dim == reader.batch_dim(input_of(node)):
        return read_aten(reader, node)
    sizes = [int(part.shape[dim]) for part in node.meta["val"]]
    read: Read = []
    for user in node.users:
        index = integer(user.args[1])
        start = sum(sizes[:index])
        attributes: dict[str, Attribute] = {"dim": dim, "start": start, "end": start + sizes[index]}
        read += reader.layer(user, ops.SLICE, attributes, source=input_of(node))
    return read


def _read_unbind(reader: GraphReader, node: fx.Node) -> Read:
    """One selection for each part that is used."""
    dim = argument(node, 1, 0)
    read: Read = []
    for user in node.users:
        source = reader.name(input_of(node))
        attributes: dict[str, Attribute] = {
            "args": [{"input": 0}, integer(dim), integer(user.args[1])]
        }
        read += reader.call(user, "select.int", [source], attributes, {})
    return read


def is_whole_slice(node: fx.Node, name: str) -> bool:
    """Whether a node slices all of a dimension, as `x[:, 2:]` does of its first."""
    if name != "slice.Tensor" or argument(node, 4, 1) != 1:
        return False
    if argument(node, 1, 0) == 0 and not isinstance(value_of(node).shape[0], int):
        return argument(node, 2) in (0, None) and argument(node, 3) in (None, sys.maxsize)
    return value_of(node).shape == value_of(input_of(node)).shape


def _read_slice(reader: GraphReader, node: fx.Node) -> Read:
    dim = integer(argument(node, 1, 0)) % rank_of(node)
    if dim == reader.batch_dim(node) or argument(node, 4, 1) != 1:
        return read_aten(reader, node)
    size = int(value_of(input_of(node)).shape[dim])
    start = integer(argument(node, 2) or 0)
    start = max(start + size, 0) if start < 0 else min(start, size)
    end = start + int(value_of(node).shape[dim])
    return reader.layer(node, ops.SLICE, {"dim": dim, "start": start, "end": end})


def _read_cat(reader: GraphReader, node: fx.Node) -> Read:
    parts = node.args[0]
    names: list[str] = []
    if not isinstance(parts, Sequence):
        raise TraceError(f"{node.name} concatenates something that is no list")
    reader.template(list(parts), names, {})
    dim = integer(argument(node, 1, 0)) % rank_of(node)
    if dim == reader.batch_dim(node) or len(names) != len(parts):
        return read_aten(reader, node)
    return reader.call(node, ops.CAT, names, {"dim": dim}, {})


def _read_expand(reader: GraphReader, node: fx.Node) -> Read:
    """Sizes that stay are written -1, so that they may shrink."""
    sizes, source = argument(node, 1), node.args[0]
    if not isinstance(sizes, Sequence) or not isinstance(source, fx.Node):
        return read_aten(reader, node)
    inputs: list[str] = []
    tensors: dict[str, str] = {}
    first = reader.template(source, inputs, tensors)
    before = [str(size) for size in value_of(source).shape]
    before = [""] * (len(sizes) - len(before)) + before
    after = [str(size) for size in value_of(node).shape]
    kept: list[Attribute] = [
        -1 if old == new else reader.template(size, inputs, tensors)
        for old, new, size in zip(before, after, sizes, strict=True)
    ]
    return reader.call(node, ops.EXPAND, inputs, {"args": [first, kept]}, tensors)


def _read_conversion(reader: GraphReader, node: fx.Node) -> Read:
    """To another type; where it is computed is not the network's to say."""
    value = value_of(node)
    to: Attribute = {"dtype": dtype_of(value, node.name)}
    return reader.call(
        node, "to.dtype", [reader.name(input_of(node))], {"args": [{"input": 0}, to]}, {}
    )


def _read_factory(reader: GraphReader, node: fx.Node) -> Read:
    """`zeros`, `ones` and `full` of a size that has the batch in it: on the images' device."""
    arguments = [reader.template(value, [], {}) for value in node.args]
    attributes: dict[str, Attribute] = {
        "args": [{"input": 0}, *arguments],
        "kwargs": {"dtype": {"dtype": dtype_of(value_of(node), node.name)}},
    }
    op = f"new_{operator_name(node).partition('.')[0]}"
    return reader.call(node, op, [INPUT], attributes, {})


READERS: dict[str, Callable[[GraphReader, fx.Node], Read]] = {
    "conv2d": _read_conv,
    "conv2d.padding": _read_conv,
    "linear": _read_linear,
    "batch_norm": _read_batch_norm,
    "layer_norm": _read_layer_norm,
    "group_norm": _read_group_norm,
    "dropout": _read_dropout,
    "view": _read_reshape,
    "_unsafe_view": _read_reshape,
    "reshape": _read_reshape,
    "flatten.using_ints": _read_reshape,
    "unflatten.int": _read_reshape,
    "squeeze": _read_reshape,
    "squeeze.dim": _read_reshape,
    "squeeze.dims": _read_reshape,
    "unsqueeze": _read_reshape,
    "transpose.int": _read_transpose,
    "swapaxes": _read_transpose,
    "swapdims": _read_transpose,
    "permute": _read_permute,
    "numpy_T": _read_transposed,
    "mT": _read_transposed,
    "unbind.int": _read_unbind,
    "chunk": _read_parts,
    "split.Tensor": _read_parts,
    "split_with_sizes": _read_parts,
    "slice.Tensor": _read_slice,
    "cat": _read_cat,
    **dict.fromkeys(("zeros", "ones", "full"), _read_factory),
    **dict.fromkeys(ops.CONVERSIONS - {ops.EXPAND}, _read_conversion),
    "expand": _read_expand,
}
