"""How strong a channel is on images.

[Molchanov2017] Molchanov et al., "Pruning Convolutional Neural Networks for Resource Efficient
Inference", ICLR 2017, arXiv 1611.06440: the mean activation as a criterion.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, fx, nn

from networks import operators as ops
from networks.architecture import Layer
from networks.channels.groups import UnitArray
from networks.importance.ranking import Importance, Scored, with_fallback
from networks.importance.taylor import Batch
from networks.importance.weight_criteria import Weights
from networks.space import Space
from networks.student import build


def activation(space: Space, weights: Weights, batches: Sequence[Batch]) -> Importance:
    """The mean |activation| of the channel where convolutions and linear layers read it.

    There it stands behind normalisation and non-linearity, as what follows sees it
    [Molchanov2017]. Channels that none of them reads (queries and keys, which meet in a product)
    are taken where they are made.
    """
    weighted = [layer for layer in space.architecture if layer.op in ops.WEIGHTED]
    read = dict.fromkeys(name for layer in weighted for name in layer.inputs)
    made = dict.fromkeys(layer.name for layer in weighted if layer.name not in read)
    recorder = _Recorder(space, build(space.architecture, weights).eval(), [*read, *made])
    with torch.no_grad():
        for images, _ in batches:
            recorder.run(images)
    return with_fallback(
        space.channels,
        [recorder.scored(name) for name in read],
        [recorder.scored(name) for name in made],
    )


class _Recorder(fx.Interpreter):
    """Runs a built network and sums up the mean |output| of some layers, channel by channel."""

    def __init__(self, space: Space, module: nn.Module, layers: Iterable[str]) -> None:
        super().__init__(module)
        self._layers = {name: space.architecture[name] for name in layers}
        self._units = {name: space.channels.outputs[name] for name in self._layers}
        self._sums = {name: np.zeros(units.shape) for name, units in self._units.items()}

    def run_node(self, n: fx.Node) -> Any:  # noqa: ANN401 - as in PyTorch
        """Returns what the node computes."""
        result = super().run_node(n)
        name = n.meta.get("layer")
        if name in self._layers:
            self._sums[name] += _means(self._layers[name], self._units[name], result)
        return result

    def scored(self, name: str) -> Scored:
        """A layer's channels with their sums over the batches."""
        return Scored(self._units[name].ravel(), self._sums[name].ravel())


def _means(layer: Layer, units: UnitArray, output: Tensor) -> npt.NDArray[np.float64]:
    """Mean |output| over images and all dimensions without channels, in the shape of `units`."""
    strengths = output.detach().float().abs()
    if layer.batch_dim is not None:
        strengths = strengths.mean(dim=layer.batch_dim)
    alone = [dim for dim, size in enumerate(units.shape) if size == 1]
    if alone:
        strengths = strengths.mean(dim=alone, keepdim=True)
    return strengths.double().cpu().numpy()
