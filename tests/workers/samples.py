"""Small data and modules that tests of training share."""

import numpy as np
import torch
from torch import nn

from workers.data import Dataset, TrainingData, load_digits
from workers.image_spool import Images
from workers.preprocessing import Preprocessing


def two_digits(n: int = 150) -> Dataset:
    """Zeros and ones alone: learned in two epochs by anything that learns."""
    digits = load_digits()
    chosen = np.flatnonzero(digits.labels < 2)[:n]
    return Dataset("two digits", digits.images[chosen], digits.labels[chosen], 0, ("0", "1"), 16.0)


def training_data(dataset: Dataset) -> TrainingData:
    splits = dataset.splits
    height, width = dataset.images.shape[2:]
    preprocessing = Preprocessing.of(
        dataset.images[splits.train], dataset.scale, (int(height), int(width))
    )
    return TrainingData(
        dataset.select(splits.train), dataset.select(splits.validation), preprocessing
    )


def small_network(channels: int = 1, classes: int = 2, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(channels, 8, 3, padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(32, classes),
    )


def is_mapped(images: Images) -> bool:
    """Returns whether images lie in a file that is mapped, and no copy of them in memory."""
    base: object = images
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base
    return isinstance(base, np.memmap)
