"""Channel groups as Torch-Pruning finds them, in the terms that ours can be put in too.

A group is told by the *places* where its channels stand, and how many stand there: a weight's name
and dimension, for convolutions and linear layers; what follows them (normalisation, activation) is
left out. A depthwise convolution has one place, since its filters are its input's channels.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch_pruning as tp
from torch import Tensor, nn

from networks import Space
from networks.channels.labels import FIXED

Place = tuple[str, int]  # a weight's name, and 0 (output channels) or 1 (input channels)
Places = frozenset[Place]
Standing = dict[Place, int]  # how many of a group's channels stand at each of its places


def torch_pruning_groups(module: nn.Module, example: Tensor) -> dict[str, Standing]:
    """The channels of each group by its root layer; raises what Torch-Pruning raises."""
    graph = tp.DependencyGraph().build_dependency(module, example_inputs=example)
    names = {child: name for name, child in module.named_modules()}
    groups = graph.get_all_groups(root_module_types=[nn.Conv2d, nn.Linear])
    return {names[group[0].dep.target.module]: _places(graph, group, names) for group in groups}


def _places(
    graph: tp.DependencyGraph, group: tp.dependency.Group, names: dict[nn.Module, str]
) -> Standing:
    positions: dict[Place, set[int]] = {}
    for dependency, found in group:
        layer = dependency.target.module
        if isinstance(layer, nn.Conv2d | nn.Linear):
            out = graph.is_out_channel_pruning_fn(dependency.handler)
            place = f"{names[layer]}.weight", 0 if out or is_depthwise(layer) else 1
            positions.setdefault(place, set()).update(found)
    return {place: len(several) for place, several in positions.items()}


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Raises `TimeoutError` in the main thread after `seconds`: a Swin's groups take it hours."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def is_depthwise(layer: nn.Module) -> bool:
    """Whether a layer is a convolution with one group for each input channel."""
    return isinstance(layer, nn.Conv2d) and layer.groups > 1 and layer.groups == layer.in_channels


def our_groups(space: Space) -> list[Standing]:
    """The same of our groups."""
    standing: list[Standing] = [{} for _ in space.groups]
    for layer in space.architecture:
        if layer.op in ("conv2d", "linear"):
            name = layer.tensors["weight"]
            for dim, units in enumerate(space.channels.tensors[name][:2]):
                if units is not None:
                    found = space.channels.groups_of(units[units != FIXED])
                    for group, channels in zip(*np.unique(found, return_counts=True), strict=True):
                        standing[group][name, dim] = int(channels)
    return standing
