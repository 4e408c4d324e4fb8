"""Where layers can be taken out, and where skip connections can be put in.

A *chain* is a weighted layer with the normalisation and activation that follow it. A *region* lies
between two layers of equal output shape and is touched from nowhere else, so that it can be taken
out by reading the first where the second was read: a chain, or the branches of a residual block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from networks import operators as ops
from networks.architecture import INPUT, Architecture, Layer
from networks.channels.groups import Channels
from networks.channels.labels import FIXED

FOLLOWERS = ops.ACTIVATIONS | ops.NORMS | {ops.DROPOUT}
NEAREST = 8  # of the earlier layers that an end could be joined to, so many get a skip


@dataclass(frozen=True)
class Tie:
    """Two groups whose kept units must be the same ones: their channels meet in a student."""

    first: int
    second: int


@dataclass(frozen=True)
class Removal:
    """A region that can be taken out: whoever reads `end` then reads `start`.

    Attributes:
        name: Of its one weighted layer, or the path that its weighted layers share; unique.
        start: The layer that feeds the region; it stays.
        end: The region's last layer.
        layers: The region's layers, `end` included.
        ties: Groups that become one by it.
    """

    name: str
    start: str
    end: str
    layers: frozenset[str]
    ties: tuple[Tie, ...]


@dataclass(frozen=True)
class Skip:
    """A connection that can be added: whoever reads `end` then reads `end + start`."""

    start: str
    end: str
    ties: tuple[Tie, ...]


def chain_of(architecture: Architecture, layer: Layer) -> list[str]:
    """The names of `layer` and of the normalisations and activations that alone read it in turn."""
    chain = [layer.name]
    while True:
        readers = architecture.consumers[chain[-1]]
        if len(readers) != 1 or architecture[readers[0]].op not in FOLLOWERS:
            return chain
        chain.append(readers[0])


def find_removals(architecture: Architecture, channels: Channels) -> tuple[Removal, ...]:
    """All regions that can be taken out, in the order of their ends, inner before outer."""
    order = {layer.name: i for i, layer in enumerate(architecture)}
    removals: list[Removal] = []
    for start, layers, end in (*_chains(architecture), *_blocks(architecture)):
        ties = find_ties(architecture, channels, start, end)
        if ties is not None:
            name = _free_name(_region_name(architecture, layers), removals)
            removals.append(Removal(name, start, end, layers, ties))
    removals.sort(key=lambda removal: (order[removal.end], len(removal.layers)))
    return tuple(removals)


Region = tuple[str, frozenset[str], str]


def _region_name(architecture: Architecture, layers: frozenset[str]) -> str:
    """The only weighted layer's name, or the path that all weighted layers share."""
    names = [layer.name for layer in architecture if layer.name in layers]
    weighted = [name for name in names if architecture[name].op in ops.WEIGHTED]
    if len(weighted) == 1:
        return weighted[0]
    paths = [name.split(".")[:-1] for name in weighted]
    shared = 0
    while all(len(path) > shared and path[shared] == paths[0][shared] for path in paths):
        shared += 1
    return ".".join(paths[0][:shared]) or names[-1]


def _free_name(name: str, removals: list[Removal]) -> str:
    taken = {removal.name for removal in removals}
    number = 2
    free = name
    while free in taken:
        free = f"{name}#{number}"
        number += 1
    return free


def _chains(architecture: Architecture) -> Iterator[Region]:
    for layer in architecture:
        if layer.op in ops.WEIGHTED:
            chain = chain_of(architecture, layer)
            yield layer.inputs[0], frozenset(chain), chain[-1]


def _blocks(architecture: Architecture) -> Iterator[Region]:
    """What lies between a joining layer and the nearest layer that all its paths come through."""
    dominators = _dominators(architecture)
    for layer in architecture:
        if len(set(layer.inputs)) < 2:
            continue
        start = dominators[layer.name]
        region = _between(architecture, start, layer.name)
        closed = all(set(architecture.consumers[name]) <= region for name in region - {layer.name})
        weighted = any(architecture[name].op in ops.WEIGHTED for name in region)
        if closed and weighted and start != INPUT:
            yield start, region, layer.name


def _dominators(architecture: Architecture) -> dict[str, str]:
    """For each layer the nearest one that every path from the input to it passes.

    What doesn't depend on the images is on no such path.
    """
    depth = {INPUT: 0}
    nearest = {INPUT: INPUT}
    for layer in architecture.layers[1:]:
        inputs = [name for name in layer.inputs if architecture[name].batch_dim is not None]
        common = inputs[0] if inputs else INPUT
        for other in inputs[1:]:
            first, second = common, other
            while first != second:
                if depth[first] >= depth[second]:
                    first = nearest[first]
                else:
                    second = nearest[second]
            common = first
        nearest[layer.name] = common
        depth[layer.name] = depth[common] + 1
    return nearest


def _between(architecture: Architecture, start: str, end: str) -> frozenset[str]:
    """The layers on the paths from `start` (not included) to `end` (included)."""
    region: set[str] = set()
    stack = [end]
    while stack:
        name = stack.pop()
        if name != start and name not in region:
            region.add(name)
            stack.extend(architecture[name].inputs)
    return frozenset(region)


def find_ties(
    architecture: Architecture, channels: Channels, start: str, end: str
) -> tuple[Tie, ...] | None:
    """The groups that meet where `start` is read beside or in place of `end`.

    Returns:
        `None` where the shapes differ, or where the channels don't meet one to one.
    """
    if _extent(architecture[start]) != _extent(architecture[end]):
        return None
    first, second = channels.outputs[start], channels.outputs[end]
    if first.shape != second.shape:
        return None
    differing = first != second
    if not differing.any():
        return ()
    a, b = first[differing], second[differing]
    if (a == FIXED).any() or (b == FIXED).any():
        return None
    one, other = channels.groups_of(a), channels.groups_of(b)
    units, starts = channels.group_units, channels.group_starts
    if (units[one] != units[other]).any() or (a - starts[one] != b - starts[other]).any():
        return None
    pairs = sorted(set(zip(one.tolist(), other.tolist(), strict=True)))
    return tuple(Tie(*pair) for pair in pairs)


def _extent(layer: Layer) -> tuple[object, ...]:
    return layer.shape, layer.repeats, layer.batch_dim


def find_skips(architecture: Architecture, channels: Channels) -> tuple[Skip, ...]:
    """Pairs of chain or block ends whose shapes agree and that no addition joins already.

    Each end is paired with the nearest ones before it, `NEAREST` at the most: deep networks would
    have thousands of pairs, nearly all of them over most of their depth.
    """
    skips: list[Skip] = []
    alike: dict[object, list[str]] = {}
    for end in _skip_ends(architecture):
        added = _added(architecture, end)
        before = alike.setdefault((_extent(architecture[end]), channels.outputs[end].shape), [])
        nearest: list[Skip] = []
        for start in reversed(before):
            ties = None if start in added else find_ties(architecture, channels, start, end)
            if ties is not None:
                nearest.append(Skip(start, end, ties))
            if len(nearest) == NEAREST:
                break
        skips += reversed(nearest)
        before.append(end)
    return tuple(skips)


def _skip_ends(architecture: Architecture) -> list[str]:
    """Outputs of chains and blocks, in order; not those that feed an addition only."""
    ends: dict[str, None] = {}
    for layer in architecture:
        if layer.op in ops.WEIGHTED or len(set(layer.inputs)) > 1:
            end = chain_of(architecture, layer)[-1]
            readers = architecture.consumers[end]
            joined = len(readers) == 1 and len(set(architecture[readers[0]].inputs)) > 1
            if not joined and readers and architecture[end].batch_dim is not None:
                ends[end] = None
    return list(ends)


def _added(architecture: Architecture, end: str) -> set[str]:
    """The layers that an addition in the chain of `end` adds already."""
    name = end
    while architecture[name].op in FOLLOWERS:
        name = architecture[name].inputs[0]
    layer = architecture[name]
    return set(layer.inputs) if layer.op == ops.ADD else set()
