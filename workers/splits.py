"""Stratified splits that depend on a dataset's content alone.

Two jobs on the same images compare on the same validation and test images, whatever their seeds:
the shuffle inside each class is seeded by the content hash.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]

VALIDATION_OF_REST = 0.10  # with a test split given
VALIDATION_SHARE = 0.15  # without one
TEST_SHARE = 0.15


@dataclass(frozen=True)
class Splits:
    """Indices (sorted, disjoint, int64) into the dataset's images followed by its test images."""

    train: Indices
    validation: Indices
    test: Indices

    def to_bytes(self) -> bytes:
        """Returns an uncompressed `.npz` with the arrays `train`, `validation` and `test`."""
        buffer = io.BytesIO()
        np.savez(buffer, train=self.train, validation=self.validation, test=self.test)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Splits:
        """Returns the splits that `to_bytes` wrote."""
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return cls(arrays["train"], arrays["validation"], arrays["test"])


def content_hash(*arrays: NDArray[np.generic]) -> str:
    """Returns the hex sha256 of the arrays' types, shapes and values."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def stratified_splits(labels: Indices, test_labels: Indices | None, content: str) -> Splits:
    """Splits a dataset class by class.

    Args:
        labels: classes of the images, `n`.
        test_labels: classes of the test images, `m`; None where there is no such split.
        content: hex content hash of the dataset; seeds the shuffles.

    Returns:
        With test labels, 10% of the `n` images validate and the `m` images (indices `n` to
        `n + m - 1`) test; without, 70% train, 15% validate and 15% test. A class that has an
        image for each of the splits made here is in all of them.
    """
    generator = np.random.default_rng(int(content, 16))
    if test_labels is not None:
        train, validation = _divide(labels, (VALIDATION_OF_REST,), generator)
        test = np.arange(len(labels), len(labels) + len(test_labels), dtype=np.int64)
        return Splits(train, validation, test)
    train, validation, test = _divide(labels, (VALIDATION_SHARE, TEST_SHARE), generator)
    return Splits(train, validation, test)


def _divide(
    labels: Indices, shares: tuple[float, ...], generator: np.random.Generator
) -> list[Indices]:
    """Returns indices of the rest and of each share, each with every class in proportion."""
    parts: list[list[Indices]] = [[] for _ in range(len(shares) + 1)]
    for label in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == label))
        least = 1 if len(members) > len(shares) else 0
        counts = [max(round(len(members) * share), least) for share in shares]
        edges = np.cumsum(counts)
        *chosen, rest = np.split(members, edges)
        for part, piece in zip(parts, [rest, *chosen], strict=True):
            part.append(piece)
    return [np.sort(np.concatenate(part)).astype(np.int64) for part in parts]
