"""What weighted layers and normalisations do to the labels of channels."""

from __future__ import annotations

import numpy as np

from networks.architecture import Layer
from networks.architecture_json import Attribute
from networks.channels.labels import LabelArray
from networks.channels.propagation import (
    Propagation,
    along_channels,
    argument_of,
    axis_of,
    depends_on,
    rank_of,
    unlabelled,
)

MIXED = "its input's channels are mixed with its image"
REPEATED = "it repeats channels a given number of times"


def convolution(state: Propagation, layer: Layer) -> LabelArray:
    """Its output channels get labels; a depthwise one's live and die with its input's."""
    (source,) = state.inputs(layer)
    weight = state.architecture.tensors[layer.tensors["weight"]].shape
    groups, out = layer.integer("groups"), weight[0]
    if any(dim > 0 for dim in depends_on(source)) or source.ndim != 3:
        return state.freeze(layer, MIXED)
    incoming = np.broadcast_to(source[:, 0, 0], (weight[1] * groups,))
    inner: LabelArray | None
    if groups == 1:
        outgoing, inner = state.labels.fresh(out), incoming
    elif weight[1] == 1:
        outgoing, inner = np.repeat(incoming, out // groups), None
    else:
        rows = _joined_rows(state, incoming, groups)
        outgoing, inner = np.tile(state.labels.fresh(out // groups), groups), rows[0]
    state.note(layer, "weight", outgoing, inner, None, None)
    state.note(layer, "bias", outgoing)
    return along_channels(outgoing, 3)


def _joined_rows(state: Propagation, channels: LabelArray, groups: int) -> LabelArray:
    """Channels in groups, joined across them so that all groups stay equal: `groups x C/groups`."""
    rows = channels.reshape(groups, -1)
    state.labels.join(rows, np.broadcast_to(rows[:1], rows.shape))
    return rows


def linear(state: Propagation, layer: Layer) -> LabelArray:
    """Its outputs get labels; it works along the last dimension."""
    (source,) = state.inputs(layer)
    weight = state.architecture.tensors[layer.tensors["weight"]].shape
    last = source.ndim - 1
    if any(dim != last for dim in depends_on(source)) or axis_of(layer, -1) is None:
        return state.freeze(layer, "dimensions before its last have channels")
    incoming = np.broadcast_to(source.reshape(-1), (weight[1],))
    outgoing = state.labels.fresh(weight[0])
    state.note(layer, "weight", outgoing, incoming)
    state.note(layer, "bias", outgoing)
    return outgoing.reshape((1,) * last + (-1,))


def batch_norm(state: Propagation, layer: Layer) -> LabelArray:
    """Each channel has its own statistics and scale."""
    (source,) = state.inputs(layer)
    if any(dim > 0 for dim in depends_on(source)):
        return state.freeze(layer, MIXED)
    channels = np.broadcast_to(source.reshape(-1), (layer.shape[0],))
    for role in layer.tensors:
        state.note(layer, role, channels)
    return source


def layer_norm(state: Propagation, layer: Layer) -> LabelArray:
    """The last dimension shrinks, its statistics being those of what remains."""
    (source,) = state.inputs(layer)
    last = source.ndim - 1
    if not set(depends_on(source)) <= {last} or layer.integer("dims") != 1:
        return state.freeze(layer, "it normalises over more than its channels")
    channels = np.broadcast_to(source.reshape(-1), (layer.shape[-1],))
    for role in layer.tensors:
        state.note(layer, role, channels)
    return source


def group_norm(state: Propagation, layer: Layer) -> LabelArray:
    """Its groups stay, and stay equally large."""
    (source,) = state.inputs(layer)
    if any(dim > 0 for dim in depends_on(source)):
        return state.freeze(layer, MIXED)
    channels = np.broadcast_to(source.reshape(-1), (layer.shape[0],))
    if (groups := layer.integer("groups")) > 1:
        _joined_rows(state, channels, groups)
    for role in layer.tensors:
        state.note(layer, role, channels)
    return source


def prelu(state: Propagation, layer: Layer) -> LabelArray:
    """One slope for all channels, or one for each."""
    (source,) = state.inputs(layer)
    if any(dim > 0 for dim in depends_on(source)):
        return state.freeze(layer, MIXED)
    for role, name in layer.tensors.items():
        (slopes,) = state.architecture.tensors[name].shape
        if slopes > 1:
            state.note(layer, role, np.broadcast_to(source.reshape(-1), (slopes,)))
    return source


def tensor(state: Propagation, layer: Layer) -> LabelArray:
    """A tensor that is read like a layer's output: one that is a row of numbers gets labels.

    ConvNeXt's layer scale is such a row, reshaped before it meets the channels.
    """
    long = [size for size in layer.shape if size > 1]
    if len(long) != 1:
        state.note(layer, "value", *[None] * len(layer.shape))
        return unlabelled(layer)
    labels = state.labels.fresh(long[0])
    state.note(layer, "value", *(labels if size > 1 else None for size in layer.shape))
    return labels.reshape([-1 if size > 1 else 1 for size in layer.shape])


def expanded(state: Propagation, layer: Layer) -> LabelArray:
    """Labels pass where no channel is repeated.

    The last dimension of a tensor that is repeated for each image (a class token) gets labels.
    """
    sizes = argument_of(layer, 1)
    if not isinstance(sizes, list) or axis_of(layer, -1) is None:
        return state.freeze(layer, REPEATED)
    if layer.inputs and not layer.tensors:
        return _passed(state, layer, sizes)
    if layer.inputs or len(layer.tensors) != 1 or sizes[-1] != -1:
        return state.freeze(layer, REPEATED)
    ((role, name),) = layer.tensors.items()
    labels = state.labels.fresh(layer.shape[-1])
    rank = len(state.architecture.tensors[name].shape)
    state.note(layer, role, *[None] * (rank - 1), labels)
    return labels.reshape((1,) * (len(layer.shape) - 1) + (-1,))


def _passed(state: Propagation, layer: Layer, sizes: list[Attribute]) -> LabelArray:
    (source,) = state.inputs(layer)
    before = state.architecture[layer.inputs[0]]
    new = rank_of(layer) - rank_of(before)  # dimensions are added in front
    axes = {axis_of(before, dim): axis_of(layer, dim + new) for dim in range(rank_of(before))}
    result = np.ones(len(layer.shape), dtype=np.int64)
    for axis in depends_on(source):
        after = axes[axis]
        if after is None or layer.shape[after] != before.shape[axis]:
            return state.freeze(layer, REPEATED)
        result[after] = source.shape[axis]
    kept = [
        sizes[dim + new] == -1
        for dim in range(rank_of(before))
        if axis_of(before, dim) in depends_on(source)
    ]
    return source.reshape(result) if all(kept) else state.freeze(layer, REPEATED)
