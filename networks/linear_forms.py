"""Sizes of thousands of candidates as products of linear forms of their groups' widths.

Along every axis of every tensor and output the number of channels that remain is a linear form,
`constant + widths @ coefficients`; how many elements a tensor has, and how often a layer
multiplies, are products of such forms. Float64 holds these integers exactly below 2**53, and
multiplies matrices many times faster than int64 does.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from networks.channels.groups import Channels, UnitArray
from networks.channels.labels import FIXED

Row = tuple[tuple[int, int], ...]  # (group, coefficient), in order, those that are not zero


class LinearForms:
    """Linear forms of the widths, gathered axis by axis; equal ones are kept once."""

    def __init__(self, channels: Channels) -> None:
        self._groups = len(channels.groups)
        self._first_units = np.array([group.first_unit for group in channels.groups], np.int64)
        self._units = channels.units
        self._numbers: dict[tuple[int, Row], int] = {}

    def add(self, size: int, units: UnitArray | None) -> int:
        """The number of the form for an axis of `size` with `units` along it."""
        row: Row = ()
        constant = size
        if units is not None and units.size == size:
            present = units[units != FIXED]
            constant = size - len(present)
            counts = np.bincount(present.ravel(), minlength=self._units)[self._first_units]
            row = tuple((int(group), int(counts[group])) for group in np.flatnonzero(counts))
        return self._numbers.setdefault((constant, row), len(self._numbers))

    def tensors(self) -> tuple[Tensor, Tensor]:
        """Coefficients `G x forms` and constants `forms`, float64."""
        coefficients = torch.zeros(self._groups, len(self._numbers), dtype=torch.float64)
        constants = torch.zeros(len(self._numbers), dtype=torch.float64)
        for (constant, row), number in self._numbers.items():
            constants[number] = constant
            for group, coefficient in row:
                coefficients[group, number] = coefficient
        return coefficients, constants


class Products:
    """Products of linear forms for `n` candidates at once.

    Args:
        forms: What the factors number.
        factors: For each product the numbers of its forms, in any order.
    """

    def __init__(self, forms: LinearForms, factors: Iterable[Iterable[int]]) -> None:
        numbers: dict[tuple[int, ...], int] = {}
        self._which = torch.tensor(
            [numbers.setdefault(tuple(sorted(row)), len(numbers)) for row in factors],
            dtype=torch.int64,
        )
        self._coefficients, self._constants = forms.tensors()
        fixed = (self._coefficients == 0).all(dim=0).tolist()
        constants = self._constants.tolist()
        scales = torch.ones(len(numbers), dtype=torch.float64)
        varying: list[list[int]] = []
        for product, row in enumerate(numbers):
            for number in row:
                if fixed[number]:
                    scales[product] *= constants[number]
            varying.append([number for number in row if not fixed[number]])
        self._scales = scales
        rank = max((len(row) for row in varying), default=0)
        one = len(constants)  # a form that is always one fills the shorter rows
        padded = [row + [one] * (rank - len(row)) for row in varying]
        self._factors = torch.tensor(padded, dtype=torch.int64).reshape(len(numbers), rank).T

    def __call__(self, widths: Tensor) -> Tensor:
        """The products' values, float64 `n x products`, for widths `n x G`."""
        sizes = widths.double() @ self._coefficients + self._constants
        sizes = torch.cat([sizes, torch.ones(len(widths), 1, dtype=torch.float64)], dim=1)
        values = self._scales.expand(len(widths), -1)
        for numbers in self._factors:
            values = values * sizes[:, numbers]
        return values[:, self._which]


def along(units: UnitArray, dim: int) -> UnitArray | None:
    """The units along one dimension of a layer's output, if they stand along it."""
    if units.shape[dim] == 1:
        return None
    return np.moveaxis(units, dim, 0).reshape(units.shape[dim], -1)[:, 0]
