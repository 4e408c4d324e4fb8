"""Images on disk that are used as if they were in memory: there may be more of them than fit."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]
"""uint8 `n x C x H x W`."""

PIECE_BYTES = 4 * 2**20  # of images that are handled at once


def pieces(indices: NDArray[np.int64], images: Images) -> Iterator[NDArray[np.int64]]:
    """Yields the indices in parts whose images (`n x C x H x W`) take about `PIECE_BYTES`."""
    number = images_a_piece(images.shape[1:])
    for start in range(0, len(indices), number):
        yield indices[start : start + number]


def images_a_piece(shape: tuple[int, ...]) -> int:
    """Returns how many images of a shape take about `PIECE_BYTES`; at least one."""
    return max(PIECE_BYTES // max(int(np.prod(shape)), 1), 1)


class ImageSpool(AbstractContextManager["ImageSpool"]):
    """Takes images of one shape one after the other, and maps all of them in the end.

    They are in a file without a name, which goes with the last array that is mapped from it, or
    with the process. Writing is done by system calls and not through the map, so that a full disk
    is an error and not a signal.

    Args:
        folder: on whose disk they are; made if it isn't there.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by __exit__
        self._shape: tuple[int, ...] | None = None
        self._number = 0

    def append(self, images: Images) -> None:
        """Writes images `n x C x H x W`.

        Raises:
            ValueError: they are not of the shape of those before.
            OSError: the disk is full or broken.
        """
        if self._shape not in {None, images.shape[1:]}:
            raise ValueError(f"images of {images.shape[1:]} after images of {self._shape}")
        self._shape = images.shape[1:]
        self._number += len(images)
        self._file.write(np.ascontiguousarray(images, np.uint8).data)

    def mapped(self) -> Images:
        """Returns all images, read-only; the system holds those in memory that it has room for.

        Raises:
            ValueError: there are none.
        """
        if self._number == 0 or self._shape is None:
            raise ValueError("there are no images")
        self._file.flush()
        shape = (self._number, *self._shape)
        images = np.memmap(self._file, np.uint8, "r", shape=shape)
        # A plain array on the same map: pickling a memmap would copy it once more.
        return images.view(np.ndarray)

    def __exit__(self, *_: object) -> None:
        self._file.close()
