"""A few of a dataset's images as one small picture, taken while all of them are read once."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MOST_SAMPLES = 12
LARGEST_SIDE = 64  # pixels, of a sample
_ROW = 6
_DIGITS_END = 16  # the largest value of scikit-learn's digits, which would be all but black


class Samples:
    """Takes some images of each class out of all that pass by, and puts them side by side."""

    def __init__(self) -> None:
        self._each = 0
        self._shape = (0, 0, 0)
        self._found: dict[int, bytearray] = {}

    def choose(self, labels: NDArray[Any], shape: tuple[int, int, int]) -> None:
        """Chooses as many images of each class, the first ones, of the first twelve classes.

        Args:
            labels: `n`, from 0 on.
            shape: height, width and channels of an image.
        """
        classes = range(min(int(labels.max()) + 1, MOST_SAMPLES))
        of_each = max(1, MOST_SAMPLES // len(classes))
        chosen = [np.flatnonzero(labels == one)[:of_each] for one in classes]
        in_turns = [int(of[turn]) for turn in range(of_each) for of in chosen if turn < len(of)]
        self._shape, self._each = shape, int(np.prod(shape))
        self._found = {index: bytearray() for index in in_turns}

    def pass_by(self, offset: int, piece: bytes) -> None:
        """Keeps what of a piece of the images, `offset` bytes behind their beginning, is chosen."""
        for index, taken in self._found.items():
            start = index * self._each + len(taken) - offset
            if 0 <= start < len(piece) and len(taken) < self._each:
                taken.extend(piece[start : start + self._each - len(taken)])

    def png(self) -> bytes:
        """Returns the samples in rows of six, the classes in turns, as a PNG."""
        height, width, channels = self._shape
        scale = min(1.0, LARGEST_SIDE / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        kind = "L" if channels == 1 else "RGB"
        columns, rows = min(_ROW, len(self)), math.ceil(len(self) / _ROW)
        sheet = Image.new(kind, (size[0] * columns, size[1] * rows))
        for place, taken in enumerate(self._found.values()):
            picture = self._picture(bytes(taken)).resize(size, Image.Resampling.BILINEAR)
            sheet.paste(picture, (place % _ROW * size[0], place // _ROW * size[1]))
        file = io.BytesIO()
        sheet.save(file, "PNG")
        return file.getvalue()

    def __len__(self) -> int:
        """Returns how many there are."""
        return len(self._found)

    def _picture(self, taken: bytes) -> Image.Image:
        pixels = np.frombuffer(taken, np.uint8).reshape(self._shape)
        if pixels.max() <= _DIGITS_END:
            pixels = pixels * np.uint8(255 // _DIGITS_END)
        return Image.fromarray(pixels[:, :, 0] if self._shape[2] == 1 else pixels)
