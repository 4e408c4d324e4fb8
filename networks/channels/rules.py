"""What each operator does to the labels of the channels that run through it.

A rule takes the propagation so far and a layer, notes the labels of the layer's tensors, and
returns those of its output: an array of as many dimensions as the output has without the batch,
each of size 1 (no label depends on it) or of the full size.
"""

from __future__ import annotations

from collections.abc import Callable

from networks import operators as ops
from networks.architecture import INPUT, Layer
from networks.channels import elementwise, moving, weighted
from networks.channels.labels import LabelArray
from networks.channels.propagation import Propagation, unlabelled

Rule = Callable[[Propagation, Layer], LabelArray]

# These count dimensions from the front, where the batch must be.
_BATCH_FIRST: dict[str, Rule] = {
    ops.CONV: weighted.convolution,
    ops.BATCH_NORM: weighted.batch_norm,
    ops.GROUP_NORM: weighted.group_norm,
    ops.PRELU: weighted.prelu,
    ops.CHANNEL_SHUFFLE: moving.shuffle,
    **dict.fromkeys(ops.POOLING, moving.pool),
}
_ANYWHERE: dict[str, Rule] = {
    ops.LINEAR: weighted.linear,
    ops.LAYER_NORM: weighted.layer_norm,
    ops.TENSOR: weighted.tensor,
    ops.EXPAND: weighted.expanded,
    ops.RESHAPE: moving.reshape,
    ops.PERMUTE: moving.permute,
    ops.SLICE: moving.cut,
    ops.CAT: moving.concatenate,
    ops.SELECT: moving.select,
    ops.ROLL: moving.roll,
    **dict.fromkeys(ops.PAD, moving.pad),
    **dict.fromkeys(ops.REDUCTIONS, moving.reduce),
    **dict.fromkeys(ops.ALONG_DIMENSIONS, moving.along),
    **dict.fromkeys(ops.ELEMENTWISE, elementwise.elementwise),
}

# They read no layer, but tensors of their own.
_SOURCES = frozenset({ops.TENSOR, ops.EXPAND})

_COMPUTED = frozenset({f"{op}.default" for op in ops.WEIGHTED})


def propagate(state: Propagation, layer: Layer) -> LabelArray:
    """The labels of the layer's output; what we don't know is frozen."""
    if layer.op == INPUT:
        return unlabelled(layer)
    if not layer.inputs and layer.op not in _SOURCES:
        return state.freeze(layer, "it works on a tensor of its own")
    if rule := _ANYWHERE.get(layer.op):
        return rule(state, layer)
    rule = _BATCH_FIRST.get(layer.op)
    if rule is None:
        return _freeze(state, layer)
    sources = [state.architecture[name] for name in layer.inputs]
    if any(each.batch_dim != 0 for each in (layer, *sources)):
        return state.freeze(layer, "its batch is not the first dimension")
    return rule(state, layer)


def _freeze(state: Propagation, layer: Layer) -> LabelArray:
    if layer.op not in _COMPUTED:
        return state.freeze(layer, f"operator {layer.op!r} is not known")
    why = "its weight is computed, not a parameter of its own"
    state.frozen_by[layer.name] = why  # whatever reaches it: its own channels are frozen
    return state.freeze(layer, why)
