"""ONNX operators that move elements, compute shapes, or reduce dimensions.

Shapes are those of one image: where an operator is given a shape, the batch dimension is left open.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from networks.onnx.node import Call, OnnxNode, OnnxValue

MAX_COUNTED = 2**20  # elements that computing a shape may take
_DTYPES = {1: torch.float32, 6: torch.int32, 7: torch.int64, 9: torch.bool}


def _reshaped(node: OnnxNode, x: OnnxValue, shape: list[int]) -> Call:
    """To a shape of one image, of which the first dimension is the batch times a number."""
    if not x.shape or not shape or x.constant:
        return node.call(lambda x: x.reshape(shape), x)
    if shape[0] == x.shape[0]:
        return node.call(lambda x: x.reshape(x.shape[0], *shape[1:]), x)
    return node.call(lambda x: x.reshape(-1, *shape[1:]), x)


def _reshape(node: OnnxNode) -> Call:
    x, target = node.value(0), node.integers(1)
    if target is None:
        raise node.error("its shape is missing")
    if not node.integer_attribute("allowzero", 0):
        target = [x.shape[i] if size == 0 else size for i, size in enumerate(target)]
    if target.count(-1) == 1:
        known = -math.prod(target)
        target = [x.tensor.numel() // max(known, 1) if size == -1 else size for size in target]
    if min(target, default=1) < 0 or math.prod(target) != x.tensor.numel():
        raise node.error(f"{x.shape} (for one image) can't be reshaped to {target}")
    return _reshaped(node, x, target)


def _flatten(node: OnnxNode) -> Call:
    x = node.value(0)
    axis = node.integer_attribute("axis", 1)
    axis = axis + len(x.shape) if axis < 0 else axis
    return _reshaped(node, x, [math.prod(x.shape[:axis]), math.prod(x.shape[axis:])])


def _squeeze(node: OnnxNode) -> Call:
    x, axes = node.value(0), node.integers(1)
    if axes is None:
        axes = [dim for dim, size in enumerate(x.shape) if size == 1]
    dims = sorted({axis % len(x.shape) for axis in axes}, reverse=True)
    if any(x.shape[dim] != 1 for dim in dims):
        raise node.error(f"{x.shape} has more than one element along {dims}")

    def run(x: Tensor) -> Tensor:
        for dim in dims:
            x = x.squeeze(dim)
        return x

    return node.call(run, x)


def _unsqueeze(node: OnnxNode) -> Call:
    x, axes = node.value(0), node.integers(1) or []
    dims = sorted(axis % (len(x.shape) + len(axes)) for axis in axes)

    def run(x: Tensor) -> Tensor:
        for dim in dims:
            x = x.unsqueeze(dim)
        return x

    return node.call(run, x)


def _transpose(node: OnnxNode) -> Call:
    x = node.value(0)
    order = node.integers_attribute("perm") or list(range(len(x.shape)))[::-1]
    return node.call(lambda x: x.permute(order), x)


def _concat(node: OnnxNode) -> Call:
    values = node.values()
    images = [value for value in values if not value.constant]
    axis = node.integer_attribute("axis", 0)
    if not images:
        return node.call(lambda *parts: torch.cat(parts, axis), *values)
    axis %= len(images[0].shape)
    first = values.index(images[0])
    fixed = [value.constant for value in values]

    def run(*parts: Tensor) -> Tensor:
        batch = parts[first].shape[0]
        same = [
            part.expand(batch, *([-1] * (part.ndim - 1))) if constant else part
            for part, constant in zip(parts, fixed, strict=True)
        ]
        return torch.cat(same, axis)

    return node.call(run, *values)


def _split(node: OnnxNode) -> Call:
    x, sizes = node.value(0), node.integers(1)
    dim = node.integer_attribute("axis", 0) % len(x.shape)
    if sizes is None:
        count = node.integer_attribute("num_outputs", len(node.outputs))
        step = -(-x.shape[dim] // max(count, 1))
        sizes = [min(step, x.shape[dim] - step * i) for i in range(count)]
    return node.call(lambda x: x.split(sizes, dim), x)


def _slice(node: OnnxNode) -> Call:
    x = node.value(0)
    starts, ends = node.integers(1) or [], node.integers(2) or []
    axes = node.integers(3) or list(range(len(starts)))
    steps = node.integers(4) or [1] * len(starts)
    cuts: list[tuple[int, int, int, int]] = []
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        dim = axis % len(x.shape)
        low, high, _ = slice(start, end, step).indices(x.shape[dim])
        if step < 1:
            if (low, high, step) != (x.shape[dim] - 1, -1, -1):
                raise node.error("backward steps are taken over a whole dimension only")
            cuts.append((dim, 0, 0, -1))
        elif (low, high, step) != (0, x.shape[dim], 1):
            cuts.append((dim, low, high, step))

    def run(x: Tensor) -> Tensor:
        for dim, low, high, step in cuts:
            x = x.flip(dim) if step < 0 else torch.ops.aten.slice.Tensor(x, dim, low, high, step)
        return x

    return node.call(run, x)


def _gather(node: OnnxNode) -> Call:
    x, index = node.value(0), node.constant(1)
    if index is None or index.is_floating_point():
        raise node.error("its indices must be integers")
    dim = node.integer_attribute("axis", 0) % len(x.shape)
    size, shape = x.shape[dim], tuple(index.shape)
    if index.numel() and not -size <= int(index.min()) <= int(index.max()) < size:
        raise node.error(f"an index is not one of a dimension of {size}")
    if index.ndim == 0:
        position = int(index)
        return node.call(lambda x: x.select(dim, position), x)
    flat = torch.where(index < 0, index + size, index).reshape(-1).to(torch.int64)
    if len(x.shape) == 1 and torch.equal(flat, torch.arange(size)):
        return _reshaped(node, x, list(shape))  # so as_strided is exported where it strides nothing
    chosen = OnnxValue(f"{node.outputs[0]}.indices", flat)

    def run(x: Tensor, chosen: Tensor) -> Tensor:
        picked = x.index_select(dim, chosen)
        return picked.reshape(*picked.shape[:dim], *shape, *picked.shape[dim + 1 :])

    return node.call(run, x, chosen)


def _expand(node: OnnxNode) -> Call:
    x, target = node.value(0), node.integers(1)
    full = torch.broadcast_shapes(x.shape, target or [])
    new = len(full) - len(x.shape)
    sizes = [
        -1 if dim >= new and size == x.shape[dim - new] else size for dim, size in enumerate(full)
    ]
    return node.call(lambda x: x.expand(sizes), x)


def _tile(node: OnnxNode) -> Call:
    x, repeats = node.value(0), node.integers(1) or []
    if not x.constant and repeats and repeats[0] != 1:
        raise node.error("it repeats the batch")
    return node.call(lambda x: x.repeat(repeats), x)


def _shape(node: OnnxNode) -> Call:
    sizes = node.value(0).shape
    start = node.integer_attribute("start", 0)
    end = node.integer_attribute("end", len(sizes))
    return _constant_call(node, torch.tensor(sizes[start:end], dtype=torch.int64))


def _size(node: OnnxNode) -> Call:
    return _constant_call(node, torch.tensor(node.value(0).tensor.numel()))


def _constant_call(node: OnnxNode, value: Tensor) -> Call:
    return node.call(lambda x: x, OnnxValue(node.outputs[0], value))


def _constant(node: OnnxNode) -> Call:
    value = node.tensor_attribute("value")
    if value is None and node.has("value_float"):
        value = torch.tensor(node.float_attribute("value_float", 0.0))
    if value is None and node.has("value_int"):
        value = torch.tensor(node.integer_attribute("value_int", 0))
    if value is None and (numbers := node.integers_attribute("value_ints")) is not None:
        value = torch.tensor(numbers, dtype=torch.int64)
    if value is None:
        raise node.error("its value must be a tensor, a number or integers")
    return _constant_call(node, value)


def _constant_of_shape(node: OnnxNode) -> Call:
    shape, value = node.integers(0) or [], node.tensor_attribute("value")
    filled = OnnxValue(node.outputs[0], torch.zeros(1) if value is None else value.reshape(1))
    return node.call(lambda x: x.expand(shape) if shape else x.reshape(()), filled)


def _range(node: OnnxNode) -> Call:
    start, limit, delta = (node.number(index) for index in range(3))
    if start is None or limit is None or not delta:
        raise node.error("its start, limit and a delta that is not 0 must be given")
    if (limit - start) / delta > MAX_COUNTED:
        raise node.error(f"it has more than {MAX_COUNTED} numbers")
    return _constant_call(
        node, torch.arange(start, max(limit, start) if delta > 0 else limit, delta)
    )


def _cast(node: OnnxNode) -> Call:
    dtype = _DTYPES.get(node.integer_attribute("to", 0))
    if dtype is None:
        raise node.error("it casts to another type than float32, int64, int32 and bool")
    return node.call(lambda x: x.to(dtype), node.value(0))


def _depth_to_space(node: OnnxNode) -> Call:
    block = node.integer_attribute("blocksize", 1)
    if node.text_attribute("mode", "DCR") != "CRD":
        raise node.error("mode DCR is not taken, CRD is")
    return node.call(lambda x: functional.pixel_shuffle(x, block), node.value(0))


def _einsum(node: OnnxNode) -> Call:
    equation = node.text_attribute("equation", "")
    return node.call(lambda *xs: torch.einsum(equation, *xs), *node.values())


def _reduced(function: Callable[[Tensor, list[int], bool], Tensor]) -> Callable[[OnnxNode], Call]:
    """A reduction; its axes are an attribute in old opsets and an input in new ones."""

    def read(node: OnnxNode) -> Call:
        x, axes = node.value(0), node.integers(1) or node.integers_attribute("axes")
        if axes is None and node.integer_attribute("noop_with_empty_axes", 0):
            return node.call(lambda x: x, x)
        rank, keep = len(x.shape), bool(node.integer_attribute("keepdims", 1))
        dims = sorted(axis % rank for axis in axes) if axes else list(range(rank))
        if not x.constant and 0 in dims:
            raise node.error("it mixes the images of a batch")
        return node.call(lambda x: function(x, dims, keep), x)

    return read


def _product(x: Tensor, dims: list[int], keep: bool) -> Tensor:
    for dim in reversed(dims):
        x = x.prod(dim, keepdim=keep)
    return x


SHAPES: dict[str, Callable[[OnnxNode], Call]] = {
    "Cast": _cast,
    "Concat": _concat,
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "DepthToSpace": _depth_to_space,
    "Einsum": _einsum,
    "Expand": _expand,
    "Flatten": _flatten,
    "Gather": _gather,
    "Range": _range,
    "ReduceL2": _reduced(lambda x, dims, keep: torch.linalg.vector_norm(x, 2, dims, keep)),
    "ReduceMax": _reduced(lambda x, dims, keep: x.amax(dims, keep)),
    "ReduceMean": _reduced(lambda x, dims, keep: x.mean(dims, keep)),
    "ReduceMin": _reduced(lambda x, dims, keep: x.amin(dims, keep)),
    "ReduceProd": _reduced(_product),
    "ReduceSum": _reduced(lambda x, dims, keep: x.sum(dims, keep)),
    "Reshape": _reshape,
    "Shape": _shape,
    "Size": _size,
    "Slice": _slice,
    "Split": _split,
    "Squeeze": _squeeze,
    "Tile": _tile,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
