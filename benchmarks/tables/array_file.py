"""Reads a one-dimensional NumPy file that nobody vouches for."""

from __future__ import annotations

import tokenize
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LARGEST_ITEM_BYTES = 64

# What NumPy raises, and leaves to Python's parser to raise, over a header that isn't one.
UNREADABLE = (
    OSError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, MemoryError,
    RecursionError, SyntaxError, tokenize.TokenError,
)  # fmt: skip


class ArrayFileError(Exception):
    """Raised when a file has no such array; the message doesn't name the file."""


def read_array(path: Path, kind: str, most: int) -> NDArray[np.generic]:
    """Returns an array of a kind of type (NumPy's letter) with 1 to `most` elements.

    Raises:
        ArrayFileError: If the file has none.
    """
    try:
        # Mapped, so that a header that promises more than the file has takes no memory.
        with np.errstate(over="raise"):
            mapped = np.load(path, mmap_mode="r", allow_pickle=False) if _is_npy(path) else None
    except UNREADABLE as error:
        raise ArrayFileError(f"not readable as a NumPy array: {error}") from error
    if mapped is None:
        raise ArrayFileError("no NumPy array (.npy)")
    if mapped.dtype.kind != kind or mapped.dtype.itemsize > LARGEST_ITEM_BYTES:
        raise ArrayFileError(f"must be of kind {kind!r}, not {mapped.dtype.str:.20}")
    if mapped.ndim != 1 or not 0 < len(mapped) <= most:
        raise ArrayFileError(f"must have one dimension of 1 to {most:,}, not {mapped.shape}")
    return np.array(mapped)


def _is_npy(path: Path) -> bool:
    """Whether it begins as one: NumPy also loads zip files and pickles of that name."""
    with path.open("rb") as file:
        return file.read(6) == b"\x93NUMPY"
