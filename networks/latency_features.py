"""What the time of a candidate on some machine follows from; a predictor is fitted to it.

Work of one kind takes about the same time each, and kinds differ: a depthwise convolution waits for
memory where a dense one computes. So each kind's work is summed by itself.
"""

from __future__ import annotations

import torch
from torch import Tensor

from networks import operators as ops
from networks.architecture import Architecture, Layer
from networks.cost import Measures
from networks.editing import is_depthwise
from networks.multiplications import multiplications

MACS_OF = (
    "wide convolution",
    "pointwise convolution",
    "grouped convolution",
    "depthwise convolution",
    "other product",  # of matrices, and one-dimensional, transposed and computed convolutions
)
ELEMENTS_OF = ("product", "normalisation", "element by element", "moving")

# For one image: multiply-accumulates of each kind of layer, elements of the outputs of each kind
# (a product's, a normalisation's, those computed element by element or pooled, and those that are
# moved only), bytes of weights, and how many layers of each kind there are: each call costs some.
LATENCY_FEATURES = (
    *(f"MACs of {kind}" for kind in MACS_OF),
    *(f"elements of {kind}" for kind in ELEMENTS_OF),
    "bytes of weights",
    *(f"layers of {kind}" for kind in ELEMENTS_OF),
)

_NORMS = frozenset({*ops.NORMS, "instance_norm"})
_MOVES = frozenset({ops.RESHAPE, ops.PERMUTE, ops.SLICE, ops.CAT, ops.CHANNEL_SHUFFLE})


class LatencyFeatures:
    """Sums the measures of one teacher's candidates by kind of layer."""

    def __init__(self, architecture: Architecture) -> None:
        self._macs = torch.zeros(len(architecture), len(MACS_OF), dtype=torch.float64)
        self._elements = torch.zeros(len(architecture), len(ELEMENTS_OF), dtype=torch.float64)
        for number, layer in enumerate(architecture):
            self._macs[number, MACS_OF.index(_work(architecture, layer))] = 1
            if layer.inputs:
                self._elements[number, ELEMENTS_OF.index(_kind(architecture, layer))] = 1

    def __call__(self, measures: Measures) -> Tensor:
        """The features, float32 `n x len(LATENCY_FEATURES)`."""
        elements = measures.written @ self._elements
        layers = measures.present.double() @ self._elements
        computed = ELEMENTS_OF.index("element by element")
        elements[:, computed] += measures.added.sum(dim=1)
        layers[:, computed] += (measures.added > 0).sum(dim=1)
        stored = measures.bytes[:, None]
        return torch.cat([measures.macs @ self._macs, elements, stored, layers], dim=1).float()


def _work(architecture: Architecture, layer: Layer) -> str:
    """What kind of multiplication it does, where it does any."""
    if layer.op != ops.CONV:
        return "other product"
    if is_depthwise(architecture, layer):
        return "depthwise convolution"
    if layer.integer("groups") > 1:
        return "grouped convolution"
    kernel = architecture.tensors[layer.tensors["weight"]].shape[2:]
    return "pointwise convolution" if max(kernel) == 1 else "wide convolution"


def _kind(architecture: Architecture, layer: Layer) -> str:
    if multiplications(architecture, layer):
        return "product"
    base = layer.op.partition(".")[0]
    if base in _NORMS:
        return "normalisation"
    return "moving" if base in _MOVES else "element by element"
