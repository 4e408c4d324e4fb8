"""Architectures as sequences of layer tokens that mean the same for every teacher.

A token is one weighted layer (convolution or linear) with what follows it. Removed layers are
dropped, so that a student of a deep teacher reads like the shallow network it is. Sizes enter as
logarithms, absolute and relative to the teacher's layer: the absolute ones compare students of
different teachers, the relative ones say what was cut. What connects to what is told by the
distances, in layers, to those that feed a layer; there is no maximum number of layers.

Notation: `n` candidates, `L` layers of the teacher, `T` tokens of the longest candidate, `F`
features of a token.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from networks import Architecture, LayerTable, SpaceLayer, read_layers

ENCODING_VERSION = 3

STATIC_FEATURES = (
    "linear",
    "grouped",
    "depthwise",
    "log2 kernel height",
    "log2 kernel width",
    "log2 stride height",
    "log2 stride width",
    "log2 output area / 4",
    "norm",
    "rectifier",
    "other activation",
    "depth in the teacher",
)
CANDIDATE_FEATURES = (
    "log2 input channels / 4",
    "log2 output channels / 4",
    "log2 input channels of the teacher's",
    "log2 output channels of the teacher's",
    "depth in the candidate",
    "log2 (1 + feeders)",
    "log2 (1 + nearest feeder)",
    "log2 (1 + farthest feeder)",
    "log2 (1 + joins)",
)
TOKEN_FEATURES = STATIC_FEATURES + CANDIDATE_FEATURES

RELATIVE_FEATURES = (
    "log2 input channels of the teacher's",
    "log2 output channels of the teacher's",
    "depth in the teacher",
)

RECTIFIERS = frozenset({"relu", "relu6", "hardtanh", "leaky_relu", "prelu"})


class Tokens(NamedTuple):
    """`n` encoded candidates, padded to the longest; padding is zero and comes last.

    Attributes:
        values: `n x T x F`, float32.
        mask: `n x T`, bool: which tokens are real.
    """

    values: Tensor
    mask: Tensor

    def take(self, rows: Tensor) -> "Tokens":
        """Returns the candidates that `rows` (indices or booleans) names."""
        return Tokens(self.values[rows], self.mask[rows])


def encode(layers: Sequence[SpaceLayer], table: LayerTable) -> Tokens:
    """Encodes candidates of one space, all at once.

    Args:
        layers: the teacher's `L` weighted layers (`Space.layers`).
        table: what the `n` candidates are, layer by layer (`Space.table`).

    Raises:
        ValueError: if the table is not of these layers.
    """
    if table.alive.shape[1] != len(layers):
        raise ValueError(
            f"expected a table of {len(layers)} layers, got one of {table.alive.shape[1]}"
        )
    static = _static_features(layers).expand(len(table.alive), -1, -1)
    values = torch.cat([static, _candidate_features(layers, table)], dim=-1)
    return _compact(values, table.alive)


def encode_architecture(
    architecture: Architecture, teacher: Sequence[SpaceLayer] | None = None
) -> Tokens:
    """Encodes an architecture of any origin, unedited.

    Args:
        architecture: what is encoded.
        teacher: the weighted layers of its teacher, which its own are compared with by name; a
            layer that the teacher doesn't have, and without a teacher every layer, is compared
            with itself.

    Returns:
        Tokens of `n = 1`, comparable with those of any space's candidates.
    """
    layers, table = read_layers(architecture)
    tokens = encode(layers, table)
    if teacher is not None:
        _compare(tokens.values[0], layers, teacher)
    return tokens


def _compare(values: Tensor, own: Sequence[SpaceLayer], teacher: Sequence[SpaceLayer]) -> None:
    """Writes the features that are relative to the teacher's layers of the same names."""
    depth = torch.linspace(0, 1, len(teacher)).tolist()
    known = {layer.name: (layer, at) for layer, at in zip(teacher, depth, strict=True)}
    columns = [TOKEN_FEATURES.index(name) for name in RELATIVE_FEATURES]
    for row, layer in enumerate(own):
        if layer.name in known:
            theirs, at = known[layer.name]
            narrow_in = math.log2(layer.in_channels / theirs.in_channels)
            narrow_out = math.log2(layer.out_channels / theirs.out_channels)
            values[row, columns] = torch.tensor([narrow_in, narrow_out, at])


def _static_features(layers: Sequence[SpaceLayer]) -> Tensor:
    """Returns what no edit changes, `L x len(STATIC_FEATURES)`."""
    flags = [
        (x.kind == "linear", x.grouping == "grouped", x.grouping == "depthwise") for x in layers
    ]
    shapes = [(*x.kernel, *x.stride, x.out_size[0] * x.out_size[1]) for x in layers]
    follows = [
        (x.norm, x.activation in RECTIFIERS, x.activation not in {None, *RECTIFIERS})
        for x in layers
    ]
    scales = torch.tensor([1.0, 1.0, 1.0, 1.0, 4.0])
    depth = torch.linspace(0, 1, len(layers)).unsqueeze(1)
    sizes = torch.tensor(shapes).log2() / scales
    return torch.cat([torch.tensor(flags), sizes, torch.tensor(follows), depth], dim=1)


def _candidate_features(layers: Sequence[SpaceLayer], table: LayerTable) -> Tensor:
    """Returns what edits change, `n x L x len(CANDIDATE_FEATURES)`; rubbish where not alive."""
    log_in = table.in_channels.clamp(min=1).log2()
    log_out = table.out_channels.clamp(min=1).log2()
    teacher_in = torch.tensor([x.in_channels for x in layers]).log2()
    teacher_out = torch.tensor([x.out_channels for x in layers]).log2()
    position = table.alive.cumsum(1) - 1
    last = position[:, -1:].clamp(min=1)
    columns = [log_in / 4, log_out / 4, log_in - teacher_in, log_out - teacher_out]
    columns += [position / last, *_connections(table, position)]
    return torch.stack(columns, dim=-1)


def _connections(table: LayerTable, position: Tensor) -> list[Tensor]:
    """Returns feeders, nearest, farthest and joins, each `n x L`, as logarithms.

    A layer that only the input feeds has no feeder and distances of zero.
    """
    n, length = position.shape
    # Row by row and in order, so that a row's first and last feeder stand at its ends.
    rows, feeders = table.feeds.reshape(n * length, length).nonzero(as_tuple=True)
    count = torch.bincount(rows, minlength=n * length)
    ends = count.cumsum(0)
    found = position[rows // length, feeders] if len(rows) else position.new_zeros(1)
    last = (ends - 1).clamp(min=0)
    earliest, latest = found[(ends - count).clamp(max=len(found) - 1)], found[last]
    count, earliest, latest = (x.view(n, length) for x in (count, earliest, latest))
    fed = count > 0
    nearest = (position - latest) * fed
    farthest = (position - earliest) * fed
    return [x.clamp(min=0).add(1).log2() for x in (count, nearest, farthest, table.joins)]


def _compact(values: Tensor, alive: Tensor) -> Tokens:
    """Moves the tokens of layers that are alive to the front and zeroes the rest."""
    length = max(1, int(alive.sum(1).max())) if len(alive) else 1
    order = (~alive).to(torch.uint8).argsort(dim=1, stable=True)[:, :length]
    mask = alive.gather(1, order)
    packed = values.gather(1, order.unsqueeze(-1).expand(-1, -1, values.shape[-1]))
    return Tokens(packed * mask.unsqueeze(-1), mask)
