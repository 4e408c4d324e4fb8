"""Random crops and flips of whole batches at once."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def augment(images: Tensor, generator: torch.Generator) -> Tensor:
    """Shifts each image by up to an eighth of its size (black comes in) and mirrors half of them.

    The standard augmentation of CIFAR (He et al. 2016, section 4.2): pad, random crop, horizontal
    flip. Each image has a draw of its own; the batch is gathered in one indexing.

    Args:
        images: uint8 `n x C x H x W`.
        generator: source of the draws, on the CPU.

    Returns:
        uint8 `n x C x H x W`.
    """
    n, _, height, width = images.shape
    pad_y, pad_x = height // 8, width // 8
    padded = functional.pad(images, (pad_x, pad_x, pad_y, pad_y))
    top = torch.randint(0, 2 * pad_y + 1, (n, 1), generator=generator)
    left = torch.randint(0, 2 * pad_x + 1, (n, 1), generator=generator)
    flip = torch.randint(0, 2, (n, 1), generator=generator, dtype=torch.bool)
    across = torch.arange(width)
    rows = top + torch.arange(height)
    columns = left + torch.where(flip, width - 1 - across, across)
    batch = torch.arange(n).view(n, 1, 1)
    gathered = padded[batch, :, rows.unsqueeze(2), columns.unsqueeze(1)]  # n x H x W x C
    return gathered.permute(0, 3, 1, 2)
