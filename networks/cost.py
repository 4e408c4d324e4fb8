"""Parameters, MACs, bytes and activations of thousands of candidates, without building any.

What a tensor holds, what a layer puts out and how often it multiplies are products of linear forms
of the groups' widths (`linear_forms`); which layers and tensors a candidate has follows from its
removals.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from networks.architecture import Architecture, TensorSpec
from networks.candidates import Candidates, Costs
from networks.channels.groups import Channels, UnitArray
from networks.doubled import DoubledActivations
from networks.linear_forms import LinearForms, Products, along
from networks.multiplications import Axes, macs_of, multiplications, output_axes, tensor_axes
from networks.regions import Removal, Skip


@dataclass(frozen=True)
class Measures:
    """What `n` candidates are made of, by the teacher's layers and tensors: each float64.

    Attributes:
        held: Elements of each tensor, zero where it is gone: `n x tensors`.
        macs: Multiply-accumulates of each layer: `n x layers`.
        written: Elements of each layer's output, zero where it is gone or dropped: `n x layers`.
        present: Whether the layer is there: bool `n x layers`.
        added: Elements of each skip's addition, zero where it is not: `n x S`.
        bytes: Of all tensors: `n`.
    """

    held: Tensor
    macs: Tensor
    written: Tensor
    present: Tensor
    added: Tensor
    bytes: Tensor


class CostModel:
    """The costs of every student of one teacher."""

    def __init__(
        self,
        architecture: Architecture,
        channels: Channels,
        removals: Sequence[Removal],
        skips: Sequence[Skip],
    ) -> None:
        names = list(dict.fromkeys(x for layer in architecture for x in layer.tensors.values()))
        order = {layer.name: i for i, layer in enumerate(architecture)}
        counted = [
            (number, axes)
            for number, layer in enumerate(architecture)
            for axes in multiplications(architecture, layer)
        ]
        axes = [tensor_axes(architecture, name) for name in names]
        axes += [output_axes(layer) for layer in architecture]
        axes += [factors for _, factors in counted]
        forms = _Forms(channels)
        factors = [forms.of(product) for product in axes]
        self._products = Products(forms.linear, factors)
        self._sizes = [len(names), len(architecture), len(counted)]
        self._counted = torch.tensor([i for i, _ in counted], dtype=torch.int64)
        self._trainable = torch.tensor(
            [architecture.tensors[name].trainable for name in names], dtype=torch.float64
        )
        self._bytes = torch.tensor(
            [bytes_per_element(architecture.tensors[name]) for name in names], dtype=torch.float64
        )
        self._users = _users(architecture, names)
        self._ends = torch.tensor([order[skip.end] for skip in skips], dtype=torch.int64)
        self._doubled = DoubledActivations(architecture, removals, skips)

    def __call__(self, candidates: Candidates, alive: Tensor) -> Costs:
        """Costs of candidates of whose layers `alive` (bool `n x layers`) remain."""
        measures = self.measures(candidates, alive)
        return Costs(
            params=(measures.held @ self._trainable).long(),
            macs=measures.macs.sum(dim=1).long(),
            bytes=measures.bytes.long(),
            activations=(measures.written.sum(dim=1) + measures.added.sum(dim=1)).long(),
        )

    def measures(self, candidates: Candidates, alive: Tensor) -> Measures:
        """What the costs are summed from, layer by layer."""
        elements, written, products = self._products(candidates.widths).split(self._sizes, dim=1)
        held = torch.zeros_like(alive[:, :1]).expand(-1, len(self._users[0])).clone()
        for users in self._users:
            held |= alive[:, users]
        present = alive.clone()
        for layer, dropped in self._doubled(candidates).items():
            present[:, layer] &= ~dropped
        macs = torch.zeros_like(written).index_add_(1, self._counted, products)
        elements = elements * held
        return Measures(
            held=elements,
            macs=macs * alive,
            written=written * present,
            present=present,
            added=written[:, self._ends] * candidates.skips,
            bytes=elements @ self._bytes,
        )


class _Forms:
    """The linear form of each axis."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._found: dict[tuple[str | None, str | None, int], int] = {}
        self.linear = LinearForms(channels)

    def of(self, axes: Axes) -> list[int]:
        """The numbers of the axes' forms."""
        numbers: list[int] = []
        for axis in axes:
            key = (axis.layer, axis.tensor, axis.dim)
            if axis.layer is None and axis.tensor is None:
                numbers.append(self.linear.add(axis.size, None))
                continue
            if key not in self._found:
                self._found[key] = self.linear.add(axis.size, self._units(*key))
            numbers.append(self._found[key])
        return numbers

    def _units(self, layer: str | None, tensor: str | None, dim: int) -> UnitArray | None:
        if tensor is not None:
            return self._channels.tensors[tensor][dim]
        return along(self._channels.outputs[layer or ""], dim)


def _users(architecture: Architecture, names: list[str]) -> list[Tensor]:
    """The layers that use each tensor, as rounds: int64 `tensors`, the last user repeated."""
    using: dict[str, list[int]] = {name: [] for name in names}
    for number, layer in enumerate(architecture):
        for name in dict.fromkeys(layer.tensors.values()):
            using[name].append(number)
    rounds = max((len(users) for users in using.values()), default=1)
    return [
        torch.tensor([users[min(i, len(users) - 1)] for users in using.values()], dtype=torch.int64)
        for i in range(rounds)
    ]


def bytes_per_element(spec: TensorSpec) -> int:
    """Four, but for constants of another type."""
    dtype = getattr(torch, spec.dtype)
    return int(dtype.itemsize)


def architecture_costs(architecture: Architecture) -> Costs:
    """The costs of one architecture, counted layer by layer (`n` is 1)."""
    params = sum(spec.numel for spec in architecture.tensors.values() if spec.trainable)
    stored = sum(spec.numel * bytes_per_element(spec) for spec in architecture.tensors.values())
    activations = sum(math.prod(layer.shape) * layer.repeats for layer in architecture)
    return Costs(
        params=torch.tensor([params]),
        macs=torch.tensor([sum(macs_of(architecture, layer) for layer in architecture)]),
        bytes=torch.tensor([stored]),
        activations=torch.tensor([activations]),
    )
