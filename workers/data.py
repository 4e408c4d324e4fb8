"""Datasets: raw images, and the parts of them that training, validation and test may see."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from workers.preprocessing import Images, Preprocessing
from workers.splits import Indices, Splits, content_hash, stratified_splits

DIGITS_SCALE = 16.0  # scikit-learn's digits are counts from 0 to 16
IMAGE_SCALE = 255.0


@dataclass(frozen=True)
class Dataset:
    """Labelled images.

    Attributes:
        name: what people call it.
        images: uint8 `n x C x H x W`; the test images, where given, are the last ones.
        labels: int64 `n`, from 0 to classes - 1.
        given_test: how many of the last images are a test split of the dataset's own.
        classes: names of the classes.
        scale: the raw value that means full intensity.
    """

    name: str
    images: Images
    labels: Indices
    given_test: int
    classes: tuple[str, ...]
    scale: float

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

    def training_data(self, splits: Splits, preprocessing: Preprocessing) -> TrainingData:
        """Returns what a search may see."""
        return TrainingData(
            self.select(splits.train), self.select(splits.validation), preprocessing
        )

    def select(self, indices: Indices) -> Labelled:
        """Returns the images and labels at `indices`."""
        return Labelled(self.images[indices], self.labels[indices])


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


def load_npz(name: str, file: BinaryIO) -> Dataset:
    """Reads an uploaded archive.

    It holds `images` and `labels`, optionally `test_images`, `test_labels` and `classes`. It was
    checked when it was uploaded; nothing is unpickled here either.

    Raises:
        ValueError: the archive would need unpickling, or its arrays are wrong or don't match.
        KeyError: `images` or `labels` is missing.
    """
    with np.load(file, allow_pickle=False) as arrays:
        images, labels = _channels_first(arrays["images"]), arrays["labels"].astype(np.int64)
        given_test = 0
        if "test_images" in arrays:
            images = np.concatenate([images, _channels_first(arrays["test_images"])])
            given_test = len(arrays["test_labels"])
            labels = np.concatenate([labels, arrays["test_labels"].astype(np.int64)])
        names = arrays["classes"] if "classes" in arrays else np.arange(labels.max() + 1)
    if len(images) != len(labels):
        raise ValueError(f"{len(images)} images but {len(labels)} labels")
    if images.dtype != np.uint8:
        raise ValueError(f"the images are {images.dtype}, expected uint8")
    if labels.min() < 0 or labels.max() >= len(names):
        raise ValueError(f"labels from {labels.min()} to {labels.max()} for {len(names)} classes")
    classes = tuple(str(name) for name in names)
    return Dataset(name, images, labels, given_test, classes, IMAGE_SCALE)


def _channels_first(images: NDArray[np.uint8]) -> Images:
    """Returns contiguous `n x C x H x W` of `n x H x W` or `n x H x W x C`."""
    if images.ndim == 3:
        return np.ascontiguousarray(images[:, None])
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2))
