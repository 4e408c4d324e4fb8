"""CIFAR-10's images, as these benchmarks are given them: npz files in a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TRAIN, TEST = "train-20k.npz", "test-5k.npz"


def cifar_images(file: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Returns a file's images, uint8 `n x C x H x W`, and labels `n`.

    Raises:
        FileNotFoundError: there is no such file.
    """
    with np.load(file, allow_pickle=False) as arrays:
        images, labels = arrays["images"], arrays["labels"].astype(np.int64)
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2)), labels
