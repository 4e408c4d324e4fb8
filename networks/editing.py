"""Applies edits to an architecture: rewires, drops what nobody reads, and resizes what remains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from networks import operators as ops
from networks.architecture import INPUT, Architecture, Layer, TensorSpec
from networks.architecture_json import Attribute
from networks.channels.groups import Channels, UnitArray
from networks.channels.propagation import axis_of
from networks.regions import Removal, Skip

Kept = npt.NDArray[np.bool_]  # for each unit whether it is kept; one more entry, True, for FIXED


def kept_positions(units: UnitArray, kept: Kept) -> npt.NDArray[np.int64]:
    """The positions along one axis that remain."""
    return np.flatnonzero(kept[units.ravel()])


def edit(
    architecture: Architecture,
    channels: Channels,
    removals: Sequence[Removal],
    skips: Sequence[Skip],
    kept: Kept,
) -> Architecture:
    """The student's architecture; layers and tensors keep the teacher's names.

    Args:
        architecture: The teacher's.
        channels: Its channel groups.
        removals: Those to take out.
        skips: Those to put in.
        kept: For each unit whether it is kept, with one more entry, `True`, for `FIXED`.
    """
    rewired, output = _rewire(architecture, removals, skips)
    needed = _needed([layer for layer, _ in rewired], output)
    resized = tuple(
        _resize(layer, origin, architecture, channels, kept)
        for layer, origin in rewired
        if layer.name in needed
    )
    names = {name for layer in resized for name in layer.tensors.values()}
    tensors = {
        name: _resize_tensor(spec, channels.tensors[name], kept)
        for name, spec in architecture.tensors.items()
        if name in names
    }
    return Architecture(resized, tensors, output)


def _rewire(
    architecture: Architecture, removals: Sequence[Removal], skips: Sequence[Skip]
) -> tuple[list[tuple[Layer, Layer]], str]:
    """Each layer with the teacher's layer whose channels it has, and the output's name."""
    instead = {removal.end: removal.start for removal in removals}
    removed = {name for removal in removals for name in removal.layers}
    added: dict[str, list[str]] = {}
    for skip in skips:
        added.setdefault(skip.end, []).append(skip.start)
    read: dict[str, str] = {}  # what is read where the teacher's layer of that name was
    layers: list[tuple[Layer, Layer]] = []
    written: dict[str, Layer] = {}
    for layer in architecture:
        if layer.name in removed:
            if layer.name in instead:
                read[layer.name] = read[instead[layer.name]]
            continue
        rewired = replace(layer, inputs=tuple(read[name] for name in layer.inputs))
        if _repeats(rewired, written):
            read[layer.name] = rewired.inputs[0]
        else:
            layers.append((rewired, layer))
            written[layer.name] = rewired
            read[layer.name] = layer.name
        for start in added.get(layer.name, []):
            joined = _addition(layer, read[layer.name], read[start], start)
            layers.append((joined, layer))
            written[joined.name] = joined
            read[layer.name] = joined.name
    return layers, read[architecture.output]


def _repeats(layer: Layer, written: Mapping[str, Layer]) -> bool:
    """Whether an activation reads its like: the second one changes nothing."""
    if layer.op not in ops.IDEMPOTENT:
        return False
    source = written[layer.inputs[0]]
    return source.op == layer.op and source.attributes == layer.attributes


def _addition(end: Layer, first: str, second: str, start: str) -> Layer:
    arguments: list[Attribute] = [{"input": 0}, {"input": 1}]
    name = f"{end.name}+{start}"
    attributes: dict[str, Attribute] = {"args": arguments}
    return replace(
        end, name=name, op=ops.ADD, inputs=(first, second), attributes=attributes, tensors={}
    )


def _needed(layers: list[Layer], output: str) -> set[str]:
    needed = {output, INPUT}
    for layer in reversed(layers):
        if layer.name in needed:
            needed.update(layer.inputs)
    return needed


def _resize(
    layer: Layer, origin: Layer, teacher: Architecture, channels: Channels, kept: Kept
) -> Layer:
    """The layer with its shape and its channel-dependent attributes counted anew."""
    shape = _resize_shape(layer.shape, channels.outputs[origin.name], kept)
    attributes = dict(layer.attributes)
    if layer.op == ops.CONV and is_depthwise(teacher, origin):
        source = channels.outputs[origin.inputs[0]][:, 0, 0]
        incoming = np.broadcast_to(source, (origin.integer("groups"),))
        attributes["groups"] = len(kept_positions(incoming, kept))
    elif layer.op == ops.SLICE:
        attributes.update(_resize_slice(layer, channels.outputs[origin.inputs[0]], kept))
    return replace(layer, shape=shape, attributes=attributes)


def is_depthwise(architecture: Architecture, layer: Layer) -> bool:
    """Whether a convolution has one group for each input channel, of which there are several."""
    inner = architecture.tensors[layer.tensors["weight"]].shape[1]
    return layer.integer("groups") > 1 and inner == 1


def _resize_shape(shape: tuple[int, ...], units: UnitArray, kept: Kept) -> tuple[int, ...]:
    """Counts what is kept along the dimension that units stand along."""
    return tuple(
        len(kept_positions(units, kept)) if along > 1 else size
        for size, along in zip(shape, units.shape, strict=True)
    )


def _resize_slice(layer: Layer, units: UnitArray, kept: Kept) -> dict[str, Attribute]:
    axis = axis_of(layer, layer.integer("dim"))
    if axis is None or units.shape[axis] == 1:
        return {}
    before = np.concatenate([[0], np.cumsum(kept[units.ravel()])])
    return {key: int(before[layer.integer(key)]) for key in ("start", "end")}


def _resize_tensor(spec: TensorSpec, dims: tuple[UnitArray | None, ...], kept: Kept) -> TensorSpec:
    shape = tuple(
        size if units is None else len(kept_positions(units, kept))
        for size, units in zip(spec.shape, dims, strict=True)
    )
    return replace(spec, shape=shape)
