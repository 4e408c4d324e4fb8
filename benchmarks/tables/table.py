"""A table of trained networks: what a search that reads it instead of training is told.

Glossary: `n` networks, `d` columns (one a decision), `runs` trainings of each network.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from networks import Architecture

Builder = Callable[[tuple[int, ...]], Architecture]


class TableError(Exception):
    """Raised when a table's files are not of its form; says which file, which key and what."""


@dataclass(frozen=True, eq=False)
class Table:
    """Networks of one design, each trained alone; rows are sorted by key.

    Attributes:
        name: Its adapter's.
        keys: What the file calls each network: `n`.
        choices: Each column's choice, 0 to its cardinality - 1, a larger one being larger: int64
            `n x d`.
        cardinalities: How many choices each column has: `d`.
        ordinal: Whether a column's choices are sizes and not kinds: `d`.
        accuracy: Of each training, as a fraction: float64 `n x runs`.
        params: Trained parameters: int64 `n`.
        macs: Multiply-accumulates for one image: int64 `n`.
        teacher: The row of the largest network.
        build: Makes the network of one row of `choices`.
        first: The first row with the very same network, most often itself: int64 `n`. Where a
            layer can be absent, different choices may make one network.
    """

    name: str
    keys: tuple[str, ...]
    choices: Tensor
    cardinalities: tuple[int, ...]
    ordinal: tuple[bool, ...]
    accuracy: Tensor
    params: Tensor
    macs: Tensor
    teacher: int
    build: Builder
    first: Tensor

    def __post_init__(self) -> None:
        n, d = len(self.keys), len(self.cardinalities)
        shapes = {
            "choices": (self.choices, (n, d)),
            "accuracy": (self.accuracy, (n, self.accuracy.shape[-1])),
            "params": (self.params, (n,)),
            "macs": (self.macs, (n,)),
            "first": (self.first, (n,)),
        }
        for field, (tensor, expected) in shapes.items():
            if tuple(tensor.shape) != expected:
                raise TableError(f"{field} must be {expected}, not {tuple(tensor.shape)}")
        largest = torch.tensor(self.cardinalities)
        if ((self.choices < 0) | (self.choices >= largest)).any():
            raise TableError("a choice is not below its column's cardinality")

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def mean_accuracy(self) -> Tensor:
        """The mean over the trainings, as a fraction: float64 `n`."""
        return self.accuracy.mean(dim=1)

    @functools.cached_property
    def fingerprint(self) -> str:
        """Changes with anything that the file tells of the networks: the start of a SHA-256."""
        digest = hashlib.sha256(repr((self.keys, self.cardinalities, self.ordinal)).encode())
        digest.update(str(self.teacher).encode())
        for tensor in (self.choices, self.accuracy, self.params, self.macs, self.first):
            digest.update(tensor.contiguous().numpy().tobytes())
        return digest.hexdigest()[:12]

    def architecture(self, row: int) -> Architecture:
        """Returns the row's network, built anew; a layer that the teacher has too has its name."""
        return self.build(tuple(self.choices[row].tolist()))


def first_rows(networks: Iterable[Hashable]) -> Tensor:
    """Returns for each of `n` networks, by what tells them apart, the first that equals it."""
    seen: dict[Hashable, int] = {}
    rows = [seen.setdefault(network, row) for row, network in enumerate(networks)]
    return torch.tensor(rows, dtype=torch.int64)


def row_of_teacher(keys: tuple[str, ...], teacher: str, file: object) -> int:
    """Returns the teacher's row.

    Raises:
        TableError: If the table doesn't have it.
    """
    if teacher not in keys:
        raise TableError(f"{file}: the teacher {teacher!r} is missing")
    return keys.index(teacher)
