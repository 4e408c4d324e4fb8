"""What elementwise operators do to the labels of channels: those that meet are joined."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from networks.architecture import Layer
from networks.channels.labels import FIXED, LabelArray
from networks.channels.propagation import Propagation, depends_on, rank_of, unlabelled


class _Operand(NamedTuple):
    """What is broadcast to the output: its shape and labels, dimension by dimension of it.

    Attributes:
        shape: Without the output's batch dimension.
        labels: As many dimensions; none for a tensor.
        of_images: Whether it is computed from the images, not from tensors alone.
        role: Of the tensor that it is, with the tensor's rank.
    """

    shape: tuple[int, ...]
    labels: LabelArray | None
    of_images: bool = False
    role: str = ""
    rank: int = 0


def elementwise(state: Propagation, layer: Layer) -> LabelArray:
    """Joins the channels that meet; one that is stretched over a dimension can't be dropped."""
    operands = _operands(state, layer)
    if operands is None:
        return state.freeze(layer, "an input's batch stands along another dimension")
    patterns = _patterns(operands)
    if len(patterns) > 1:
        return state.freeze(layer, "its inputs' channels stand along different dimensions")
    pattern = patterns.pop() if patterns else (1,) * len(layer.shape)
    dims = [dim for dim, size in enumerate(pattern) if size > 1]
    operands = [_fitted(state, operand, pattern) for operand in operands]
    result: LabelArray | None = None
    for operand in operands:
        if operand.labels is None:
            continue
        if _is_stretched(operand.shape, layer.shape, dims):
            state.labels.freeze(operand.labels)
            continue
        if dims and not operand.of_images and (operand.labels == FIXED).all():
            state.frozen_by[layer.name] = "a tensor that it reads is kept whole"
        met = np.broadcast_to(operand.labels, pattern)
        if result is not None:
            state.labels.join(result, met)
        result = met if result is None else result
    labels = unlabelled(layer) if result is None else result
    for operand in operands:
        if operand.labels is None and not _note(state, layer, operand, labels):
            return state.freeze(layer, "a tensor of it stands along several dimensions of channels")
    return labels


def _patterns(operands: list[_Operand]) -> set[tuple[int, ...]]:
    """The shapes of the labels: the images' channels say along what tensors' labels may stand."""
    labelled = [each for each in operands if each.labels is not None and each.labels.size > 1]
    chosen = [each for each in labelled if each.of_images] or labelled
    return {each.labels.shape for each in chosen if each.labels is not None}


def _fitted(state: Propagation, operand: _Operand, pattern: tuple[int, ...]) -> _Operand:
    """Without the labels of a tensor that stand along other dimensions than the channels."""
    labels = operand.labels
    if labels is None or labels.size == 1 or labels.shape == pattern:
        return operand
    state.labels.freeze(labels)
    return operand._replace(labels=np.full((1,) * labels.ndim, FIXED, dtype=np.int64))


def _operands(state: Propagation, layer: Layer) -> list[_Operand] | None:
    """All that the layer reads; `None` where a batch meets something else."""
    found: list[_Operand] = []
    for name, labels in zip(layer.inputs, state.inputs(layer), strict=True):
        source = state.architecture[name]
        shape, marks = list(source.shape), list(labels.shape)
        if source.batch_dim is not None:
            shape.insert(source.batch_dim, 0)
            marks.insert(source.batch_dim, 1)
        aligned, size = _align(layer, tuple(shape)), _align(layer, tuple(marks))
        if aligned is None or size is None or 0 in aligned:
            return None
        of_images = source.batch_dim is not None
        found.append(_Operand(aligned, labels.reshape(size), of_images))
    for role, name in layer.tensors.items():
        given = state.architecture.tensors[name].shape
        aligned = _align(layer, given)
        if aligned is None:
            return None
        found.append(_Operand(aligned, None, role=role, rank=len(given)))
    return found


def _align(layer: Layer, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """A shape as it is broadcast to the layer's output, without its batch dimension (0 or 1)."""
    aligned = [1] * (rank_of(layer) - len(shape)) + list(shape)
    if layer.batch_dim is not None and aligned.pop(layer.batch_dim) > 1:
        return None
    return tuple(aligned)


def _note(state: Propagation, layer: Layer, operand: _Operand, labels: LabelArray) -> bool:
    """Notes the output's labels along a tensor's dimensions; whether that can be done."""
    dims = depends_on(labels)
    along = [dim for dim in dims if operand.shape[dim] > 1]
    if not along:
        state.note(layer, operand.role, *[None] * operand.rank)
        return True
    if len(dims) > 1:
        return False
    before = len(layer.shape) - 1 - dims[0]  # dimensions of the output after the labelled one
    noted: list[LabelArray | None] = [None] * operand.rank
    position = operand.rank - 1 - before
    if layer.batch_dim is not None and layer.batch_dim > dims[0]:
        position -= 1
    noted[position] = labels.ravel()
    state.note(layer, operand.role, *noted)
    return True


def _is_stretched(shape: tuple[int, ...], full: tuple[int, ...], dims: list[int]) -> bool:
    """Whether an input of `shape` is stretched along `dims` (all of them, where there are none)."""
    return any(shape[dim] == 1 < full[dim] for dim in dims or range(len(full)))
