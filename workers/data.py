"""Datasets: raw images, and the parts of them that training, validation and test may see."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from workers.image_spool import Images, ImageSpool, pieces
from workers.preprocessing import Preprocessing
from workers.splits import Indices, Splits, content_hash, stratified_splits

DIGITS_SCALE = 16.0  # scikit-learn's digits are counts from 0 to 16
IMAGE_SCALE = 255.0


@dataclass(frozen=True)
class Dataset:
    """Labelled images.

    Attributes:
        name: what people call it.
        images: uint8 `n x C x H x W`, maybe mapped from disk; the test images, where given, are the
            last ones.
        labels: int64 `n`, from 0 to classes - 1.
        given_test: how many of the last images are a test split of the dataset's own.
        classes: names of the classes.
        scale: the raw value that means full intensity.
        shorter_side: as of `Preprocessing`.
        scratch: folder whose disk takes the images that are selected; None to hold them in memory.
    """

    name: str
    images: Images
    labels: Indices
    given_test: int
    classes: tuple[str, ...]
    scale: float
    shorter_side: int | None = None
    scratch: Path | None = None

    @cached_property
    def content(self) -> str:
        """The hex sha256 of images and labels, from which the splits are derived."""
        return content_hash(self.images, self.labels, np.array([self.given_test]))

    @cached_property
    def splits(self) -> Splits:
        """Stratified: 10% of the rest validates where a test split is given, else 70/15/15."""
        rest = len(self.labels) - self.given_test
        test = self.labels[rest:] if self.given_test else None
        return stratified_splits(self.labels[:rest], test, self.content)

    def preprocessing(self, size: tuple[int, int]) -> Preprocessing:
        """Returns what standardises by the training images, to a network's height and width."""
        return Preprocessing.of(self.images, self.scale, size, self.splits.train, self.shorter_side)

    def training_data(self, splits: Splits, preprocessing: Preprocessing) -> TrainingData:
        """Returns what a search may see."""
        return TrainingData(
            self.select(splits.train), self.select(splits.validation), preprocessing
        )

    def select(self, indices: Indices) -> Labelled:
        """Returns the images and labels at `indices`."""
        if self.scratch is None:
            return Labelled(self.images[indices], self.labels[indices])
        with ImageSpool(self.scratch) as spool:
            for piece in pieces(indices, self.images):
                spool.append(self.images[piece])
            return Labelled(spool.mapped(), self.labels[indices])


@dataclass(frozen=True)
class Labelled:
    """Images (uint8 `n x C x H x W`) with their labels (int64 `n`)."""

    images: Images
    labels: Indices

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class TrainingData:
    """All that a search and a final training may see: no test image is in it."""

    train: Labelled
    validation: Labelled
    preprocessing: Preprocessing


def load_digits() -> Dataset:
    """Returns scikit-learn's 1,797 digits, 8x8, one channel; no test split of its own."""
    from sklearn.datasets import load_digits as bundled

    bunch = bundled()
    images = bunch.images.astype(np.uint8)[:, None]
    classes = tuple(str(name) for name in bunch.target_names)
    return Dataset("digits", images, bunch.target.astype(np.int64), 0, classes, DIGITS_SCALE)
