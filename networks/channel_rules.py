"""What each operator does to the labels of the channels that run through it.

A rule takes the propagation so far and a layer, notes the labels of the layer's tensors, and
returns those of its output: an array of as many dimensions as the output has without the batch,
each of size 1 (no label depends on it) or of the full size.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from networks import operators as ops
from networks.architecture import INPUT, Architecture, Layer
from networks.labels import FIXED, LabelArray, Labels


class Propagation:
    """The state of one propagation: labels, and where they stand so far."""

    def __init__(self, architecture: Architecture) -> None:
        self.architecture = architecture
        self.labels = Labels()
        self.outputs: dict[str, LabelArray] = {}
        self.tensors: dict[str, tuple[LabelArray | None, ...]] = {
            name: (None,) * len(spec.shape) for name, spec in architecture.tensors.items()
        }
        self.frozen_by: dict[str, str] = {}
        self.prefixes: list[LabelArray] = []  # what stands before a slice: counted too
        self._noted: set[str] = set()

    def inputs(self, layer: Layer) -> list[LabelArray]:
        """The labels of the layer's inputs."""
        return [self.outputs[name] for name in layer.inputs]

    def note(self, layer: Layer, role: str, *dims: LabelArray | None) -> None:
        """Notes the labels along a tensor's dimensions; those of a shared tensor are joined."""
        name = layer.tensors.get(role)
        if name is None:
            return
        if name not in self._noted:
            self._noted.add(name)
            self.tensors[name] = dims
            return
        for old, new in zip(self.tensors[name], dims, strict=True):
            if old is not None and new is not None:
                self.labels.join(old, new)
            elif old is not None:
                self.labels.freeze(old)
            elif new is not None:
                self.labels.freeze(new)

    def freeze(self, layer: Layer, why: str) -> LabelArray:
        """Freezes what reaches `layer`, and its tensors; its output has no labels."""
        for labels in self.inputs(layer):
            if (labels != FIXED).any():
                self.labels.freeze(labels)
                self.frozen_by[layer.name] = why
        for name in layer.tensors.values():
            for dim in self.tensors[name]:
                if dim is not None:
                    self.labels.freeze(dim)
        return unlabelled(layer)


def unlabelled(layer: Layer) -> LabelArray:
    """Labels of an output of which nothing can be dropped."""
    return np.full((1,) * len(layer.shape), FIXED, dtype=np.int64)


def along_channels(labels: LabelArray, rank: int) -> LabelArray:
    """`C` labels as `C x 1 x …`."""
    return labels.reshape(-1, *([1] * (rank - 1)))


def depends_on(labels: LabelArray) -> list[int]:
    """The dimensions along which labels differ."""
    return [dim for dim, size in enumerate(labels.shape) if size > 1]


def freeze_all(state: Propagation, layer: Layer) -> LabelArray:
    """The rule for what we don't know."""
    if layer.op == INPUT:
        return unlabelled(layer)
    return state.freeze(layer, f"operator {layer.op!r} is not known")


def _conv(state: Propagation, layer: Layer) -> LabelArray:
    (source,) = state.inputs(layer)
    weight = state.architecture.tensors[layer.tensors["weight"]].shape
    groups, out = layer.integer("groups"), weight[0]
    if any(dim > 0 for dim in depends_on(source)) or source.ndim != 3:
        return state.freeze(layer, "its input's channels are mixed with its image")
    incoming = np.broadcast_to(source[:, 0, 0], (weight[1] * groups,))
    inner: LabelArray | None
    if groups == 1:
        outgoing, inner = state.labels.fresh(out), incoming
    elif weight[1] == 1:  # depthwise: an output channel lives and dies with its input channel
        outgoing, inner = np.repeat(incoming, out // groups), None
    else:
        rows = incoming.reshape(groups, -1)
        state.labels.join(rows, np.broadcast_to(rows[:1], rows.shape))
        outgoing, inner = np.tile(state.labels.fresh(out // groups), groups), rows[0]
    state.note(layer, "weight", outgoing, inner, None, None)
    state.note(layer, "bias", outgoing)
    return along_channels(outgoing, 3)


def _linear(state: Propagation, layer: Layer) -> LabelArray:
    (source,) = state.inputs(layer)
    weight = state.architecture.tensors[layer.tensors["weight"]].shape
    last = source.ndim - 1
    if any(dim != last for dim in depends_on(source)):
        return state.freeze(layer, "dimensions before its last have channels")
    incoming = np.broadcast_to(source.reshape(-1), (weight[1],))
    outgoing = state.labels.fresh(weight[0])
    state.note(layer, "weight", outgoing, incoming)
    state.note(layer, "bias", outgoing)
    return outgoing.reshape((1,) * last + (-1,))


def _batch_norm(state: Propagation, layer: Layer) -> LabelArray:
    (source,) = state.inputs(layer)
    if any(dim > 0 for dim in depends_on(source)):
        return state.freeze(layer, "its input's channels are mixed with its image")
    channels = np.broadcast_to(source.reshape(-1), (layer.shape[0],))
    for role in layer.tensors:
        state.note(layer, role, channels)
    return source


def _elementwise(state: Propagation, layer: Layer) -> LabelArray:
    """Joins the channels that meet; one that is stretched over a dimension can't be dropped."""
    inputs = state.inputs(layer)
    shapes = [state.architecture[name].shape for name in layer.inputs]
    if layer.tensors or any(len(shape) != len(layer.shape) for shape in shapes):
        return state.freeze(layer, "an input is a constant or lacks dimensions")
    patterns = {labels.shape for labels in inputs if labels.size > 1}
    if len(patterns) > 1:
        return state.freeze(layer, "its inputs' channels stand along different dimensions")
    pattern = patterns.pop() if patterns else (1,) * len(layer.shape)
    result: LabelArray | None = None
    for labels, shape in zip(inputs, shapes, strict=True):
        if _is_stretched(shape, layer.shape, [dim for dim, size in enumerate(pattern) if size > 1]):
            state.labels.freeze(labels)
            continue
        met = np.broadcast_to(labels, pattern)
        if result is not None:
            state.labels.join(result, met)
        result = met if result is None else result
    return unlabelled(layer) if result is None else result


def _is_stretched(shape: tuple[int, ...], full: tuple[int, ...], dims: list[int]) -> bool:
    """Whether an input of `shape` is stretched along `dims` (all of them, where there are none)."""
    return any(shape[dim] == 1 < full[dim] for dim in dims or range(len(full)))


def _reshape(state: Propagation, layer: Layer) -> LabelArray:
    """Labels follow their elements; where a dimension is split, they are joined across it."""
    (source,) = state.inputs(layer)
    shape = state.architecture[layer.inputs[0]].shape
    moved = _compact(np.broadcast_to(source, shape).reshape(layer.shape))
    dims = depends_on(moved)
    if len(dims) < 2:
        return moved
    widest = max(dims, key=lambda dim: (moved.shape[dim], dim))
    first = moved[tuple(slice(None) if d == widest else slice(1) for d in range(moved.ndim))]
    state.labels.join(moved, np.broadcast_to(first, moved.shape))
    return first


def _compact(labels: LabelArray) -> LabelArray:
    """Size 1 along each dimension in which the labels don't differ."""
    for dim in range(labels.ndim):
        first = labels.take([0], axis=dim)
        if (labels == first).all():
            labels = first
    return labels


def _shuffle(state: Propagation, layer: Layer) -> LabelArray:
    """The channels as a grid of groups, joined across the groups, read column by column."""
    (source,) = state.inputs(layer)
    arguments = layer.attributes["args"]
    groups = arguments[1] if isinstance(arguments, list) and len(arguments) > 1 else None
    if not isinstance(groups, int) or any(dim > 0 for dim in depends_on(source)):
        return state.freeze(layer, "its input's channels are mixed with its image")
    rows = np.broadcast_to(source[:, 0, 0], (layer.shape[0],)).reshape(groups, -1)
    state.labels.join(rows, np.broadcast_to(rows[:1], rows.shape))
    return along_channels(np.repeat(rows[0], groups), 3)


def _permute(state: Propagation, layer: Layer) -> LabelArray:
    (source,) = state.inputs(layer)
    return source.transpose([dim - 1 for dim in layer.integers("dims")[1:]])


def _slice(state: Propagation, layer: Layer) -> LabelArray:
    (source,) = state.inputs(layer)
    axis = layer.integer("dim") - 1
    if source.shape[axis] == 1:
        return source
    state.prefixes.append(source.take(range(layer.integer("start")), axis=axis))
    return source.take(range(layer.integer("start"), layer.integer("end")), axis=axis)


def _cat(state: Propagation, layer: Layer) -> LabelArray:
    inputs = state.inputs(layer)
    axis = layer.integer("dim") - 1
    others = {dim for labels in inputs for dim in depends_on(labels) if dim != axis}
    if others and any(axis in depends_on(labels) for labels in inputs):
        return state.freeze(layer, "its inputs' channels stand along different dimensions")
    if others:  # along the image: the inputs' channels are the same ones
        pattern = np.broadcast_shapes(*(labels.shape for labels in inputs))
        result = np.broadcast_to(inputs[0], pattern)
        for labels in inputs[1:]:
            state.labels.join(result, np.broadcast_to(labels, pattern))
        return result
    parts = []
    for name, labels in zip(layer.inputs, inputs, strict=True):
        size = list(labels.shape)
        size[axis] = state.architecture[name].shape[axis]
        parts.append(np.broadcast_to(labels, size))
    return _compact(np.concatenate(parts, axis=axis))


def _pool(state: Propagation, layer: Layer) -> LabelArray:
    (source,) = state.inputs(layer)
    if any(dim > 0 for dim in depends_on(source)):
        return state.freeze(layer, "its input's channels are mixed with its image")
    return source


def _mean(state: Propagation, layer: Layer) -> LabelArray:
    (source,) = state.inputs(layer)
    arguments = layer.attributes["args"]
    dims = arguments[1] if isinstance(arguments, list) and len(arguments) > 1 else None
    if not isinstance(dims, list) or not all(isinstance(dim, int) for dim in dims):
        return state.freeze(layer, "its dimensions are not given")
    axes = {dim % (source.ndim + 1) - 1 for dim in dims if isinstance(dim, int)}
    if -1 in axes or axes & set(depends_on(source)):
        return state.freeze(layer, "it averages over channels")
    if source.ndim == len(layer.shape):
        return source
    return source.squeeze(tuple(axes))


Rule = Callable[[Propagation, Layer], LabelArray]

RULES: dict[str, Rule] = {
    ops.CONV: _conv,
    ops.LINEAR: _linear,
    ops.BATCH_NORM: _batch_norm,
    ops.RESHAPE: _reshape,
    ops.PERMUTE: _permute,
    ops.SLICE: _slice,
    ops.CAT: _cat,
    ops.MEAN: _mean,
    ops.CHANNEL_SHUFFLE: _shuffle,
    **dict.fromkeys(ops.ELEMENTWISE, _elementwise),
    **dict.fromkeys(ops.POOLING, _pool),
}
