"""From a dataset's raw images to what a network takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from workers.image_spool import Images, pieces
from workers.splits import Indices

_SHORTER_SIDE = "shorter_side"


@dataclass(frozen=True)
class Preprocessing:
    """`x = (resize(image / scale) - mean) / std`, channels first.

    Attributes:
        scale: the raw value that means full intensity (16 for digits, 255 for images).
        mean: one value a channel, of the training images divided by `scale`.
        std: one value a channel, likewise; 1 for a constant channel.
        source_size: height and width of the raw images, pixels.
        size: height and width that the network gets, pixels; resized bilinearly where they differ.
        shorter_side: pixels; what image files were resized to before `source_size` was cut out of
            the centre; None where the raw images are as they came.
    """

    scale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]
    source_size: tuple[int, int]
    size: tuple[int, int]
    shorter_side: int | None = None

    @classmethod
    def of(
        cls,
        images: Images,
        scale: float,
        size: tuple[int, int],
        chosen: Indices | None = None,
        shorter_side: int | None = None,
    ) -> Preprocessing:
        """Returns what standardises images and resizes them to `size`.

        Args:
            images: uint8 `n x C x H x W`; a piece of them is in memory at once.
            scale: the raw value that means full intensity.
            size: height and width that the network gets, pixels.
            chosen: indices of the images that are standardised; all by default.
            shorter_side: as the attribute.
        """
        mean, std = _moments(images, np.arange(len(images)) if chosen is None else chosen, scale)
        height, width = images.shape[2:]
        return cls(scale, mean, std, (int(height), int(width)), size, shorter_side)

    def apply(self, images: Tensor) -> Tensor:
        """Returns float32 `n x C x h x w` for uint8 `n x C x H x W`, on the same device.

        Raises:
            ValueError: the images are not of `source_size` or have another number of channels.
        """
        expected = (len(self.mean), *self.source_size)
        if tuple(images.shape[1:]) != expected:
            raise ValueError(f"images of shape {tuple(images.shape[1:])}, expected {expected}")
        x = images.to(torch.float32).div_(self.scale)
        if self.size != self.source_size:
            x = functional.interpolate(x, self.size, mode="bilinear", align_corners=False)
        mean = x.new_tensor(self.mean).view(1, -1, 1, 1)
        std = x.new_tensor(self.std).view(1, -1, 1, 1)
        return x.sub_(mean).div_(std)

    def to_json(self) -> dict[str, object]:
        """Returns the fields as JSON, with the layout and the kind of interpolation spelled out."""
        before = {} if self.shorter_side is None else {_SHORTER_SIDE: self.shorter_side}
        return {
            "scale": self.scale,
            "mean": list(self.mean),
            "std": list(self.std),
            "source_size": list(self.source_size),
            "size": list(self.size),
            "layout": "NCHW",
            "interpolation": "bilinear",
            "formula": "(resize(image / scale) - mean) / std",
            **before,
        }

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Preprocessing:
        """Returns the preprocessing that `to_json` described."""
        source_height, source_width = fields["source_size"]
        height, width = fields["size"]
        return cls(
            scale=float(fields["scale"]),
            mean=tuple(map(float, fields["mean"])),
            std=tuple(map(float, fields["std"])),
            source_size=(source_height, source_width),
            size=(height, width),
            shorter_side=fields.get(_SHORTER_SIDE),
        )


def _moments(
    images: Images, chosen: Indices, scale: float
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Returns each channel's mean and standard deviation of `images / scale`, to 6 digits.

    The sums are those of whole numbers: exact, whatever the pieces.
    """
    total = np.zeros(images.shape[1], np.uint64)
    squares = np.zeros(images.shape[1], np.uint64)
    for piece in pieces(chosen, images):
        values = images[piece]
        total += values.sum(axis=(0, 2, 3), dtype=np.uint64)
        squares += np.square(values, dtype=np.uint32).sum(axis=(0, 2, 3), dtype=np.uint64)
    count = len(chosen) * images.shape[2] * images.shape[3]
    mean = total / count / scale
    std = np.sqrt(np.maximum(squares / count / scale**2 - mean**2, 0.0))
    std = np.where(std < 1e-6, 1.0, std)
    return tuple(np.round(mean, 6).tolist()), tuple(np.round(std, 6).tolist())
