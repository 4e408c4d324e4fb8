"""Parameters, MACs and bytes of thousands of candidates at once, without building any.

Along every axis of every tensor the number of channels that remain is a linear form of the groups'
widths; a tensor's size is the product over its axes, and a layer's MACs are its weight's size
times the positions it is applied at, which no edit changes.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from networks import operators as ops
from networks.architecture import Architecture, Layer
from networks.candidates import Costs
from networks.channels import Channels, UnitArray
from networks.labels import FIXED

BYTES_PER_ELEMENT = 4  # students are saved in float32


class LinearForms:
    """Sizes as `constant + widths @ coefficients`, gathered row by row."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._rows: list[list[int]] = []
        self._constants: list[int] = []

    def add(self, size: int, units: UnitArray | None) -> int:
        """A row for an axis of `size` with `units` along it; returns its number."""
        row = [0] * len(self._channels.groups)
        constant = size
        if units is not None and units.size == size:
            present = units[units != FIXED]
            constant = size - len(present)
            counts = torch.bincount(torch.from_numpy(present), minlength=self._channels.units)
            for i, group in enumerate(self._channels.groups):
                row[i] = int(counts[group.first_unit])
        self._rows.append(row)
        self._constants.append(constant)
        return len(self._rows) - 1

    def tensors(self) -> tuple[Tensor, Tensor]:
        """Coefficients `rows x G` and constants `rows`, int64."""
        width = len(self._channels.groups)
        rows = torch.tensor(self._rows, dtype=torch.int64).reshape(len(self._rows), width)
        return rows, torch.tensor(self._constants, dtype=torch.int64)


class CostModel:
    """The costs of every student of one teacher."""

    def __init__(self, architecture: Architecture, channels: Channels) -> None:
        forms = LinearForms(channels)
        names = list(architecture.tensors)
        axes = [self._axes(forms, architecture, channels, name) for name in names]
        rank = max((len(rows) for rows in axes), default=0)
        one = forms.add(1, None)
        self._axes_of = torch.tensor([rows + [one] * (rank - len(rows)) for rows in axes])
        self._coefficients, self._constants = forms.tensors()
        self._trainable = torch.tensor([architecture.tensors[name].trainable for name in names])
        self._used_by = _usage(architecture, names)
        weighted = [layer for layer in architecture if layer.op in ops.WEIGHTED]
        order = {layer.name: i for i, layer in enumerate(architecture)}
        self._weighted = torch.tensor([order[layer.name] for layer in weighted], dtype=torch.int64)
        self._weights = torch.tensor(
            [names.index(layer.tensors["weight"]) for layer in weighted], dtype=torch.int64
        )
        self._positions = torch.tensor([positions(layer) for layer in weighted], dtype=torch.int64)

    @staticmethod
    def _axes(
        forms: LinearForms, architecture: Architecture, channels: Channels, name: str
    ) -> list[int]:
        shape = architecture.tensors[name].shape
        dims = channels.tensors[name]
        return [forms.add(size, units) for size, units in zip(shape, dims, strict=True)]

    def __call__(self, widths: Tensor, alive: Tensor) -> Costs:
        """Costs of candidates.

        Args:
            widths: Units kept in each group: int64 `n x G`.
            alive: Which layers of the teacher they have: bool `n x layers`.
        """
        sizes = widths @ self._coefficients.T + self._constants
        elements = sizes[:, self._axes_of].prod(dim=-1)  # n x tensors
        present = (alive.float() @ self._used_by.float()) > 0
        held = elements * present
        weights = elements[:, self._weights] * alive[:, self._weighted]
        return Costs(
            params=(held * self._trainable).sum(dim=1),
            macs=(weights * self._positions).sum(dim=1),
            bytes=held.sum(dim=1) * BYTES_PER_ELEMENT,
        )


def _usage(architecture: Architecture, names: list[str]) -> Tensor:
    """Which layer uses which tensor: bool `layers x tensors`."""
    used = torch.zeros(len(architecture), len(names), dtype=torch.bool)
    for i, layer in enumerate(architecture):
        for name in layer.tensors.values():
            used[i, names.index(name)] = True
    return used


def positions(layer: Layer) -> int:
    """How often a weighted layer's weight is applied to one image."""
    return math.prod(layer.shape[1:] if layer.op == ops.CONV else layer.shape[:-1])


def architecture_costs(architecture: Architecture) -> Costs:
    """The costs of one architecture, counted layer by layer (`n` is 1)."""
    params = sum(spec.numel for spec in architecture.tensors.values() if spec.trainable)
    elements = sum(spec.numel for spec in architecture.tensors.values())
    macs = sum(
        architecture.tensors[layer.tensors["weight"]].numel * positions(layer)
        for layer in architecture
        if layer.op in ops.WEIGHTED
    )
    return Costs(
        params=torch.tensor([params]),
        macs=torch.tensor([macs]),
        bytes=torch.tensor([elements * BYTES_PER_ELEMENT]),
    )
