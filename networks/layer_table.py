"""What candidates are, layer by layer: widths, and which layer feeds which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from networks import operators as ops
from networks.architecture import Architecture, Layer
from networks.candidates import Candidates
from networks.channels.groups import Channels
from networks.editing import is_depthwise
from networks.linear_forms import LinearForms, Products, along
from networks.regions import Removal, Skip, chain_of

Grouping = Literal["dense", "grouped", "depthwise"]


@dataclass(frozen=True)
class SpaceLayer:
    """A weighted layer of the teacher, with the normalisation and activation that follow it.

    Attributes:
        name: Of the layer.
        kind: Convolution or linear.
        kernel: Height and width; `(1, 1)` for a linear layer, as its stride is.
        stride: Height and width.
        grouping: Whether all inputs feed all outputs, groups of them, or one feeds one.
        in_channels: In the teacher; of all groups together.
        out_channels: In the teacher.
        in_size: Height and width of its input's image; `(1, 1)` for a linear layer.
        out_size: The same of its output.
        norm: Whether a batch norm follows.
        activation: The operator of the activation that follows, if one does.
    """

    name: str
    kind: Literal["conv", "linear"]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    grouping: Grouping
    in_channels: int
    out_channels: int
    in_size: tuple[int, int]
    out_size: tuple[int, int]
    norm: bool
    activation: str | None


@dataclass(frozen=True)
class LayerTable:
    """`n` candidates over the teacher's `L` weighted layers.

    Attributes:
        alive: Which layers remain: bool `n x L`.
        in_channels: Input channels, of all groups together: int64 `n x L`.
        out_channels: Output channels: int64 `n x L`.
        feeds: `feeds[k, i, j]`: in candidate `k` the output of layer `j` reaches layer `i` without
            passing another weighted layer: bool `n x L x L`.
        joins: The additions between layer `i` and what feeds it, on the path with the most:
            int64 `n x L`.
    """

    alive: Tensor
    in_channels: Tensor
    out_channels: Tensor
    feeds: Tensor
    joins: Tensor


def read_layers(architecture: Architecture) -> tuple[tuple[SpaceLayer, ...], LayerTable]:
    """Returns an architecture's weighted layers, and the table of itself alone (`n = 1`)."""
    layers = _weighted(architecture)
    number = {layer.name: i for i, layer in enumerate(layers)}
    count = len(layers)
    feeds = torch.zeros(1, count, count, dtype=torch.bool)
    joins = torch.zeros(1, count, dtype=torch.int64)
    reach: dict[str, frozenset[int]] = {}  # the weighted layers whose output a layer's carries
    additions: dict[str, int] = {}
    for layer in architecture:
        sources = frozenset[int]().union(*(reach[name] for name in layer.inputs))
        added = max((additions[name] for name in layer.inputs), default=0)
        row = number.get(layer.name)
        if row is not None:
            feeds[0, row, list(sources)] = True
            joins[0, row] = added
            sources, added = frozenset((row,)), 0
        elif layer.op == ops.ADD:
            added += 1
        reach[layer.name], additions[layer.name] = sources, added
    described = tuple(_describe(architecture, layer) for layer in layers)
    table = LayerTable(
        alive=torch.ones(1, count, dtype=torch.bool),
        in_channels=torch.tensor([[x.in_channels for x in described]], dtype=torch.int64),
        out_channels=torch.tensor([[x.out_channels for x in described]], dtype=torch.int64),
        feeds=feeds,
        joins=joins,
    )
    return described, table


class TableReader:
    """Makes the tables of one teacher's candidates."""

    def __init__(
        self,
        architecture: Architecture,
        channels: Channels,
        removals: Sequence[Removal],
        skips: Sequence[Skip],
    ) -> None:
        self._architecture = architecture
        weighted = _weighted(architecture)
        self.layers = tuple(_describe(architecture, layer) for layer in weighted)
        self._number = {layer.name: i for i, layer in enumerate(weighted)}
        order = {layer.name: i for i, layer in enumerate(architecture)}
        self._order = torch.tensor([order[layer.name] for layer in weighted], dtype=torch.int64)
        self._ends = {name: [r for r in enumerate(removals) if r[1].end == name] for name in order}
        self._skips = {name: [s for s in enumerate(skips) if s[1].end == name] for name in order}
        forms = LinearForms(channels)
        axes: list[list[int]] = []
        for layer in weighted:
            for name in (layer.inputs[0], layer.name):
                shape = architecture[name].shape
                axis = 0 if layer.op == ops.CONV else len(shape) - 1
                axes.append([forms.add(shape[axis], along(channels.outputs[name], axis))])
        self._widths = Products(forms, axes)

    def __call__(self, candidates: Candidates, alive: Tensor) -> LayerTable:
        """The table of candidates whose layers `alive` (bool `n x layers`) remain."""
        widths = self._widths(candidates.widths).long()
        feeds, joins = self._connections(candidates)
        present = alive[:, self._order]
        return LayerTable(
            alive=present,
            in_channels=widths[:, 0::2],
            out_channels=widths[:, 1::2],
            feeds=feeds & present[:, :, None] & present[:, None, :],
            joins=joins * present,
        )

    def _connections(self, candidates: Candidates) -> tuple[Tensor, Tensor]:
        n, count = len(candidates), len(self.layers)
        feeds = torch.zeros(n, count, count, dtype=torch.bool)
        joins = torch.zeros(n, count, dtype=torch.int64)
        reach: dict[str, Tensor] = {}  # the weighted layers whose output a layer's output carries
        additions: dict[str, Tensor] = {}
        there = _rows_of(candidates.skips)
        for layer in self._architecture:
            sources = torch.zeros(n, count, dtype=torch.bool)
            added = torch.zeros(n, dtype=torch.int64)
            for name in layer.inputs:
                sources = sources | reach[name]
                added = torch.maximum(added, additions[name])
            number = self._number.get(layer.name)
            if number is not None:
                feeds[:, number], joins[:, number] = sources, added
                sources = torch.zeros(n, count, dtype=torch.bool)
                sources[:, number] = True
                added = torch.zeros_like(added)
            elif layer.op == ops.ADD:
                added = added + 1
            for i, removal in self._ends[layer.name]:
                gone = candidates.removed[:, i]
                sources = torch.where(gone[:, None], reach[removal.start], sources)
                added = torch.where(gone, additions[removal.start], added)
            for i, skip in self._skips[layer.name]:
                if (rows := there[i]) is None:
                    continue
                sources[rows] |= reach[skip.start][rows]
                added[rows] = torch.maximum(added[rows], additions[skip.start][rows]) + 1
            reach[layer.name], additions[layer.name] = sources, added
        return feeds, joins


def _rows_of(chosen: Tensor) -> list[Tensor | None]:
    """For each column of a bool matrix the rows in which it is set, if there are any."""
    columns, rows = chosen.T.nonzero(as_tuple=True)
    counts = torch.bincount(columns, minlength=chosen.shape[1]).tolist()
    return [part if len(part) else None for part in rows.split(counts)]


def _weighted(architecture: Architecture) -> list[Layer]:
    return [layer for layer in architecture if layer.op in ops.WEIGHTED]


def _describe(architecture: Architecture, layer: Layer) -> SpaceLayer:
    chain = [architecture[name].op for name in chain_of(architecture, layer)[1:]]
    source = architecture[layer.inputs[0]].shape
    conv = layer.op == ops.CONV
    weight = architecture.tensors[layer.tensors["weight"]].shape
    return SpaceLayer(
        name=layer.name,
        kind="conv" if conv else "linear",
        kernel=(weight[2], weight[3]) if conv else (1, 1),
        stride=_pair(layer.integers("stride")) if conv else (1, 1),
        grouping=_grouping(architecture, layer) if conv else "dense",
        in_channels=source[0] if conv else source[-1],
        out_channels=weight[0],
        in_size=_pair(source[1:]) if conv else (1, 1),
        out_size=_pair(layer.shape[1:]) if conv else (1, 1),
        norm=ops.BATCH_NORM in chain,
        activation=next((op for op in chain if op in ops.ACTIVATIONS), None),
    )


def _grouping(architecture: Architecture, layer: Layer) -> Grouping:
    if layer.integer("groups") == 1:
        return "dense"
    return "depthwise" if is_depthwise(architecture, layer) else "grouped"


def _pair(values: tuple[int, ...]) -> tuple[int, int]:
    return values[0], values[1]
