"""Our channel groups against Torch-Pruning's, on all networks that it can take.

Each group of either side that the other has not, or not as wide, needs a reason from `REASONS`,
which is checked on the network's own graph. Where ours are finer, that they are right is shown by
`test_every_network`: dropping their units changes nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

import pytest
import torch

from benchmarks.torch_pruning_groups import (
    Place,
    Places,
    Standing,
    limited,
    our_groups,
    torch_pruning_groups,
)
from networks import NETWORK_NAMES, Space, input_size, network, trace, weightless
from networks.operators import WEIGHTED

LIMIT_S = 200  # a few transformers take Torch-Pruning hours

# One network of each kind, all of which it takes; `make test-all` compares all.
QUICK = frozenset(
    {
        "zoo/resnet20",
        "zoo/vgg19",
        "torchvision/alexnet",
        "torchvision/convnext_tiny",
        "torchvision/efficientnet_b0",
        "torchvision/googlenet",
        "torchvision/mnasnet0_5",
        "torchvision/mobilenet_v2",
        "torchvision/mobilenet_v3_small",
        "torchvision/regnet_x_400mf",
        "torchvision/resnet18",
        "torchvision/resnext50_32x4d",
        "torchvision/squeezenet1_1",
    }
)

# What Torch-Pruning raises at networks that it can't take. Whether it is done in `LIMIT_S` is up to
# the machine, so that a `TimeoutError` is no failure of any network that isn't quick.
REFUSALS: dict[str, type[Exception]] = {"timm/cs3darknet_s": TypeError}


class Difference(NamedTuple):
    """A group of one side that the other has not: its places, and those of our groups."""

    space: Space
    places: Places
    ours: list[Places]
    theirs: list[Places]


def _head_is_kept(difference: Difference) -> bool:
    """The outputs of the last weighted layer are the classes."""
    space = difference.space
    classes = space.architecture.output_shape[0]
    outputs = {name for name, dim in difference.places if dim == 0}
    layers = [x for x in space.architecture if outputs & set(x.tensors.values())]
    return all(
        layer.shape[0 if layer.op == "conv2d" else -1] == classes
        and space.architecture.tensors[layer.tensors["weight"]].shape[0] == classes
        for layer in layers
    ) and _reaches(difference, {space.architecture.output})


def _is_frozen(difference: Difference) -> bool:
    """We keep these channels, and the graph has the layer that says why behind one of them."""
    placed = {place for group in difference.ours for place in group}
    return not placed & difference.places and _reaches(
        difference, set(difference.space.channels.frozen_by)
    )


def _is_joined_by_them(difference: Difference) -> bool:
    """They couple channels that stand one behind the other where we keep several groups."""
    joined = [
        places
        for places in difference.theirs
        if len(parts := [own for own in difference.ours if own <= places]) > 1
        and places == frozenset().union(*parts)
        and frozenset.intersection(*parts)
    ]
    return any(difference.places <= places for places in joined)


def _is_split(difference: Difference) -> bool:
    """It stands beside the parts of a split: they couple the parts with what reads one of them."""
    slices = {layer.name for layer in difference.space.architecture if layer.op.startswith("slice")}
    for place in {place for group in difference.ours for place in group if place[1] == 0}:
        parts = [group for group in difference.ours if place in group]
        beside = len(parts) > 1 and difference.places & frozenset().union(*parts)
        if beside and _reaches(difference._replace(places=frozenset({place})), slices):
            return True
    return False


def _is_multiplied(difference: Difference) -> bool:
    """A depthwise layer makes several channels of each: we keep those with what they come from."""
    multiplied = {
        (layer.tensors["weight"], 0)
        for layer in difference.space.architecture
        if layer.op == "conv2d" and 1 < layer.integer("groups") < layer.shape[0]
        if difference.space.architecture.tensors[layer.tensors["weight"]].shape[1] == 1
    }
    return any(difference.places & group and multiplied & group for group in difference.ours)


def _reaches(difference: Difference, targets: set[str]) -> bool:
    """Whether the channels run into one of the layers before another layer remakes them."""
    architecture = difference.space.architecture
    outputs = {name for name, dim in difference.places if dim == 0}
    stack = [layer.name for layer in architecture if outputs & set(layer.tensors.values())]
    seen: set[str] = set()
    while stack:
        name = stack.pop()
        if name in targets:
            return True
        seen.add(name)
        for reader in architecture.consumers[name]:
            if reader in targets:
                return True
            if reader not in seen and architecture[reader].op not in WEIGHTED:
                stack.append(reader)
    return False


REASONS: dict[str, Callable[[Difference], bool]] = {
    "head kept": _head_is_kept,
    "frozen": _is_frozen,
    "joined by them": _is_joined_by_them,
    "split": _is_split,
    "multiplied": _is_multiplied,
}


def _params() -> list[object]:
    slow = pytest.mark.slow
    return [pytest.param(name, marks=[] if name in QUICK else slow) for name in NETWORK_NAMES]


@pytest.mark.parametrize("name", _params())
def test_every_difference_has_a_reason(name: str) -> None:
    size = input_size(name, 32)
    images = torch.zeros(1, 3, size, size, device="meta")
    with weightless():
        module = network(name, 7, 3).eval()
    try:
        with limited(LIMIT_S):
            found = torch_pruning_groups(module, images)
    except Exception as error:
        if name in QUICK or not isinstance(error, REFUSALS.get(name, TimeoutError)):
            raise
        pytest.skip(f"Torch-Pruning can't take it: {type(error).__name__}: {error}")
    space = Space(trace(module, images).architecture)
    theirs, ours = _by_places(found.values()), _by_places(our_groups(space))
    alike = {places for places in theirs.keys() & ours.keys() if theirs[places] == ours[places]}
    assert alike, "no group is the same"
    unexplained = [
        sorted(places)[:8]
        for places in (theirs.keys() | ours.keys()) - alike
        if not _reasons(Difference(space, places, list(ours), list(theirs)))
    ]
    assert not unexplained


def _by_places(groups: Iterable[Standing]) -> dict[Places, Counter[Place]]:
    """How many channels stand as output at each group's places, of those with the same together."""
    found: dict[Places, Counter[Place]] = {}
    for group in groups:
        outputs = {place: channels for place, channels in group.items() if place[1] == 0}
        found.setdefault(frozenset(group), Counter()).update(outputs)
    return found


def _reasons(difference: Difference) -> list[str]:
    return [name for name, holds in REASONS.items() if holds(difference)]


def test_a_difference_without_a_reason_fails() -> None:
    with weightless():
        module = network("zoo/resnet20", 7, 3).eval()
    space = Space(trace(module, torch.zeros(1, 3, 32, 32, device="meta")).architecture)
    ours = [frozenset(group) for group in our_groups(space)]
    merged = ours[0] | ours[1]
    assert not _reasons(Difference(space, merged, ours, [merged]))
    assert not _reasons(Difference(space, ours[0], ours, [merged]))
    head = Difference(space, frozenset({("fc.weight", 0)}), ours, ours)
    assert _reasons(head) == ["head kept"]
