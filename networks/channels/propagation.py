"""The labels of channels on their way through a network, and where they stand."""

from __future__ import annotations

import numpy as np

from networks.architecture import Architecture, Layer
from networks.architecture_json import Attribute
from networks.channels.labels import FIXED, LabelArray, Labels


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
        for role in layer.tensors:
            rank = len(self.architecture.tensors[layer.tensors[role]].shape)
            self.note(layer, role, *[None] * rank)
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


def compact(labels: LabelArray) -> LabelArray:
    """Size 1 along each dimension in which the labels don't differ."""
    for dim in range(labels.ndim):
        first = labels.take([0], axis=dim)
        if (labels == first).all():
            labels = first
    return labels


def rank_of(layer: Layer) -> int:
    """Number of dimensions of the layer's output, the batch included."""
    return len(layer.shape) + (layer.batch_dim is not None)


def axis_of(layer: Layer, dim: int) -> int | None:
    """The axis of the layer's labels for a dimension as PyTorch counts; `None` for the batch."""
    dim %= rank_of(layer)
    if layer.batch_dim is None:
        return dim
    return None if dim == layer.batch_dim else dim - (dim > layer.batch_dim)


def argument_of(layer: Layer, index: int) -> Attribute:
    """An ATen operator's argument by position; `None` where it isn't given."""
    arguments = layer.attributes.get("args")
    return arguments[index] if isinstance(arguments, list) and len(arguments) > index else None


def integers_of(value: Attribute) -> list[int] | None:
    """One integer or several as a list; `None` for anything else."""
    values = value if isinstance(value, list) else [value]
    found = [v for v in values if isinstance(v, int) and not isinstance(v, bool)]
    return found if len(found) == len(values) else None
