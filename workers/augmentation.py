"""Random crops and flips of whole batches at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

PAD_SHARE = 8  # images are shifted by up to one part in so many of their size


@dataclass(frozen=True)
class Shifts:
    """A draw for each of `n` images.

    Attributes:
        top: first row of the padded image that is kept: int64 `n`.
        left: first column, likewise.
        mirrored: bool `n`.
    """

    top: Tensor
    left: Tensor
    mirrored: Tensor

    def __getitem__(self, index: Tensor) -> Shifts:
        return Shifts(self.top[index], self.left[index], self.mirrored[index])

    def to(self, device: torch.device) -> Shifts:
        """Returns the draws on a device."""
        return Shifts(self.top.to(device), self.left.to(device), self.mirrored.to(device))


def draw_shifts(n: int, size: tuple[int, int], generator: torch.Generator) -> Shifts:
    """Returns a draw for each of `n` images of `size` (height and width, pixels), on the CPU."""
    pad_y, pad_x = (pixels // PAD_SHARE for pixels in size)
    top = torch.randint(0, 2 * pad_y + 1, (n,), generator=generator)
    left = torch.randint(0, 2 * pad_x + 1, (n,), generator=generator)
    return Shifts(top, left, torch.randint(0, 2, (n,), generator=generator, dtype=torch.bool))


def shifted(images: Tensor, shifts: Shifts) -> Tensor:
    """Shifts each image by up to an eighth of its size (black comes in) and mirrors half of them.

    The standard augmentation of CIFAR (He et al. 2016, section 4.2): pad, random crop, horizontal
    flip. Each image has a draw of its own; the batch is gathered in one indexing of all the crops
    there are, which are views of the padded images.

    Args:
        images: uint8 `n x C x H x W`.
        shifts: of these images, on their device.

    Returns:
        uint8 `n x C x H x W`.
    """
    n, _, height, width = images.shape
    pad_y, pad_x = height // PAD_SHARE, width // PAD_SHARE
    padded = functional.pad(images, (pad_x, pad_x, pad_y, pad_y))
    crops = padded.unfold(2, height, 1).unfold(3, width, 1)  # n x C x tops x lefts x H x W
    batch = torch.arange(n, device=images.device)
    cropped = crops[batch, :, shifts.top, shifts.left]
    return torch.where(shifts.mirrored.view(n, 1, 1, 1), cropped.flip(3), cropped)


def augment(images: Tensor, generator: torch.Generator) -> Tensor:
    """Returns uint8 `n x C x H x W` shifted and mirrored by draws of a generator on the CPU."""
    height, width = images.shape[2:]
    shifts = draw_shifts(len(images), (height, width), generator)
    return shifted(images, shifts.to(images.device))
