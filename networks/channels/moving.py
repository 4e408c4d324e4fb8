"""What operators that only move elements do to the labels of channels."""

from __future__ import annotations

import math

import numpy as np

from networks.architecture import Layer
from networks.channels.labels import LabelArray
from networks.channels.propagation import (
    Propagation,
    along_channels,
    argument_of,
    axis_of,
    compact,
    depends_on,
    integers_of,
    rank_of,
)
from networks.channels.weighted import MIXED


def reshape(state: Propagation, layer: Layer) -> LabelArray:
    """Labels follow their elements; where a dimension is split, they are joined across it."""
    (source,) = state.inputs(layer)
    before = state.architecture[layer.inputs[0]]
    if source.size == 1:
        return source.reshape((1,) * len(layer.shape))
    if _elements_before_batch(before) != _elements_before_batch(layer):
        behind = _behind_batch(before, layer, source)
        why = "it moves the batch past channels"
        return state.freeze(layer, why) if behind is None else behind
    full = np.broadcast_to(_with_repeats(source, before), _full_shape(before))
    moved = compact(full.reshape(_full_shape(layer)))
    dims = depends_on(moved)
    free = [dim for dim in dims if dim != layer.batch_dim or layer.batch_dim is None]
    if dims and not free:
        return state.freeze(layer, "it folds channels into the batch")
    if len(dims) > 1:
        widest = max(free, key=lambda dim: (moved.shape[dim], dim))
        first = moved[tuple(slice(None if d == widest else 1) for d in range(moved.ndim))]
        state.labels.join(moved, np.broadcast_to(first, moved.shape))
        moved = first
    return moved if layer.batch_dim is None else moved.squeeze(layer.batch_dim)


def _behind_batch(before: Layer, after: Layer, labels: LabelArray) -> LabelArray | None:
    """The labels of trailing dimensions that a reshaping leaves together, behind the batch."""
    first = min(depends_on(labels))
    size = math.prod(before.shape[first:])
    splits = [dim for dim in range(len(after.shape)) if math.prod(after.shape[dim:]) == size]
    if not splits or first < (before.batch_dim or 0) or splits[-1] < (after.batch_dim or 0):
        return None
    if before.shape[first:] != after.shape[splits[-1] :]:
        return None
    return labels.reshape((1,) * splits[-1] + labels.shape[first:])


def _elements_before_batch(layer: Layer) -> int:
    return math.prod(layer.shape[: layer.batch_dim or 0])


def _full_shape(layer: Layer) -> tuple[int, ...]:
    """Of one image's output, with the number of repeats where the batch is."""
    if layer.batch_dim is None:
        return layer.shape
    return (*layer.shape[: layer.batch_dim], layer.repeats, *layer.shape[layer.batch_dim :])


def _with_repeats(labels: LabelArray, layer: Layer) -> LabelArray:
    return labels if layer.batch_dim is None else np.expand_dims(labels, layer.batch_dim)


def shuffle(state: Propagation, layer: Layer) -> LabelArray:
    """The channels as a grid of groups, joined across the groups, read column by column."""
    (source,) = state.inputs(layer)
    groups = argument_of(layer, 1)
    if not isinstance(groups, int) or any(dim > 0 for dim in depends_on(source)):
        return state.freeze(layer, MIXED)
    rows = np.broadcast_to(source[:, 0, 0], (layer.shape[0],)).reshape(groups, -1)
    state.labels.join(rows, np.broadcast_to(rows[:1], rows.shape))
    return along_channels(np.repeat(rows[0], groups), 3)


def permute(state: Propagation, layer: Layer) -> LabelArray:
    """The dimensions change places, the batch too."""
    (source,) = state.inputs(layer)
    before = state.architecture[layer.inputs[0]]
    axes = [axis_of(before, dim) for dim in layer.integers("dims")]
    return source.transpose([axis for axis in axes if axis is not None])


def cut(state: Propagation, layer: Layer) -> LabelArray:
    """`slice`: what stands before it is counted too."""
    (source,) = state.inputs(layer)
    axis = axis_of(layer, layer.integer("dim"))
    if axis is None or source.shape[axis] == 1:
        return source
    state.prefixes.append(source.take(range(layer.integer("start")), axis=axis))
    return source.take(range(layer.integer("start"), layer.integer("end")), axis=axis)


def concatenate(state: Propagation, layer: Layer) -> LabelArray:
    """Channels one after another; along another dimension they are the same ones."""
    inputs = state.inputs(layer)
    axis = axis_of(layer, layer.integer("dim"))
    sources = [state.architecture[name] for name in layer.inputs]
    if axis is None or {source.batch_dim for source in sources} != {layer.batch_dim}:
        return state.freeze(layer, "its inputs' batches stand along different dimensions")
    others = {dim for labels in inputs for dim in depends_on(labels) if dim != axis}
    if others and any(axis in depends_on(labels) for labels in inputs):
        return state.freeze(layer, "its inputs' channels stand along different dimensions")
    if others:
        pattern = np.broadcast_shapes(*(labels.shape for labels in inputs))
        result = np.broadcast_to(inputs[0], pattern)
        for labels in inputs[1:]:
            state.labels.join(result, np.broadcast_to(labels, pattern))
        return result
    parts = []
    for source, labels in zip(sources, inputs, strict=True):
        size = list(labels.shape)
        size[axis] = source.shape[axis]
        parts.append(np.broadcast_to(labels, size))
    return compact(np.concatenate(parts, axis=axis))


def select(state: Propagation, layer: Layer) -> LabelArray:
    """One position along a dimension, which goes."""
    (source,) = state.inputs(layer)
    dim = argument_of(layer, 1)
    axis = axis_of(state.architecture[layer.inputs[0]], dim) if isinstance(dim, int) else None
    if axis is None or axis in depends_on(source):
        return state.freeze(layer, "it selects a channel, or an image")
    return source.squeeze(axis)


def along(state: Propagation, layer: Layer) -> LabelArray:
    """Labels pass where it works along dimensions that have none."""
    return _unless_along(state, layer, integers_of(argument_of(layer, 1)) or None)


def roll(state: Propagation, layer: Layer) -> LabelArray:
    """As `along`; the distances stand before the dimensions."""
    return _unless_along(state, layer, integers_of(argument_of(layer, 2)) or None)


def pad(state: Propagation, layer: Layer) -> LabelArray:
    """Labels pass where it pads dimensions that have none."""
    widths = integers_of(argument_of(layer, 1))
    if widths is None:
        return state.freeze(layer, "how much it pads is not given")
    padded = {rank_of(layer) - 1 - i // 2 for i, width in enumerate(widths) if width}
    return _unless_along(state, layer, sorted(padded))


def _unless_along(state: Propagation, layer: Layer, dims: list[int] | None) -> LabelArray:
    source = state.inputs(layer)[0]
    axes = {axis_of(layer, dim) for dim in dims or []}
    if len(layer.inputs) != 1 or dims is None or axes & {None, *depends_on(source)}:
        return state.freeze(layer, f"operator {layer.op!r} works along the channels")
    return source


def pool(state: Propagation, layer: Layer) -> LabelArray:
    """Each channel's image by itself."""
    (source,) = state.inputs(layer)
    if any(dim > 0 for dim in depends_on(source)):
        return state.freeze(layer, MIXED)
    return source


def reduce(state: Propagation, layer: Layer) -> LabelArray:
    """Labels pass where dimensions are reduced that have none."""
    (source,) = state.inputs(layer)
    before = state.architecture[layer.inputs[0]]
    dims = integers_of(argument_of(layer, 1))
    if not dims:
        return state.freeze(layer, "its dimensions are not given")
    axes = {axis_of(before, dim) for dim in dims}
    if axes & {None, *depends_on(source)}:
        return state.freeze(layer, "it averages over channels")
    if source.ndim == len(layer.shape):
        return source
    return source.squeeze(tuple(axis for axis in axes if axis is not None))
