"""Datasets that torchvision knows by name, read by its own classes from the operator's folder.

CIFAR's files are pickles: they are the operator's own, and torchvision opens none whose MD5 is not
that of the published file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
from numpy.typing import NDArray
from torchvision import datasets

from workers.data import IMAGE_SCALE, Dataset
from workers.image_spool import Images, ImageSpool
from workers.problems import UnusableDataset
from workers.shelf import Shelf
from workers.splits import Indices


@dataclass(frozen=True)
class Part:
    """The training or the test images (uint8 `n x C x H x W`) with labels (`n`) and class names."""

    images: Images
    labels: Indices
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Published:
    """A published dataset.

    Attributes:
        read: opens the training (True) or the test part in a folder; may download it.
        files: what torchvision looks for in the folder.
        n, test_n: images to train with, and to test with.
        shape: height, width and channels of an image.
        classes: how many there are.
    """

    read: Callable[[Path, bool, bool], Part]
    files: str
    n: int
    test_n: int
    shape: tuple[int, int, int]
    classes: int


def load_published(name: str, shelf: Shelf) -> Dataset:
    """Returns a dataset of `PUBLISHED`, mapped from the disk of the shelf's scratch folder.

    Raises:
        UnusableDataset: it isn't there, is damaged, or can't be downloaded; says what to do.
        OSError: the disk is full or broken.
    """
    published = PUBLISHED[name]
    if shelf.folder is None:
        raise UnusableDataset.because(
            f"{name} is read from a folder that the operator names, and none is named: set"
            f" STILLHOUSE_DATASETS, where coordinators run, to one that has {published.files}"
        )
    with ImageSpool(shelf.scratch) as spool:
        train = _read(name, published, shelf.folder, shelf.download, of_training=True)
        spool.append(train.images)
        labels, classes = train.labels, train.classes
        del train
        test = _read(name, published, shelf.folder, shelf.download, of_training=False)
        spool.append(test.images)
        images = spool.mapped()
    return Dataset(
        name,
        images,
        np.concatenate([labels, test.labels]),
        len(test.labels),
        classes,
        IMAGE_SCALE,
        scratch=shelf.scratch,
    )


def _read(
    name: str, published: Published, folder: Path, download: bool, *, of_training: bool
) -> Part:
    if download:
        folder.mkdir(parents=True, exist_ok=True)
    try:
        return published.read(folder, of_training, download)
    except (RuntimeError, ValueError, EOFError, FileNotFoundError) as error:
        if download:
            raise UnusableDataset.because(f"{name} can't be downloaded: {error}") from error
        raise UnusableDataset.because(
            f"{name} is not whole in the operator's folder of datasets: put {published.files}, as"
            " published, there (STILLHOUSE_DATASETS), or set STILLHOUSE_DATASETS_DOWNLOAD=1"
        ) from error
    except URLError as error:
        raise UnusableDataset.because(f"{name} can't be downloaded: {error.reason}") from error


def _cifar(kind: type[datasets.CIFAR10]) -> Callable[[Path, bool, bool], Part]:
    def read(folder: Path, of_training: bool, download: bool) -> Part:
        found = kind(folder, train=of_training, download=download)
        images: NDArray[np.uint8] = found.data
        return Part(images.transpose(0, 3, 1, 2), _labels(found.targets), tuple(found.classes))

    return read


def _svhn(folder: Path, of_training: bool, download: bool) -> Part:
    found = datasets.SVHN(folder, split="train" if of_training else "test", download=download)
    return Part(found.data, _labels(found.labels), tuple(map(str, range(10))))


def _fashion_mnist(folder: Path, of_training: bool, download: bool) -> Part:
    found = datasets.FashionMNIST(folder, train=of_training, download=download)
    return Part(found.data.numpy()[:, None], _labels(found.targets), tuple(found.classes))


def _labels(labels: Any) -> Indices:  # noqa: ANN401 - a list, an array or a tensor
    return np.asarray(labels, np.int64)


PUBLISHED = {
    "torchvision/cifar10": Published(
        _cifar(datasets.CIFAR10), "`cifar-10-batches-py/`", 50_000, 10_000, (32, 32, 3), 10
    ),
    "torchvision/cifar100": Published(
        _cifar(datasets.CIFAR100), "`cifar-100-python/`", 50_000, 10_000, (32, 32, 3), 100
    ),
    "torchvision/fashionmnist": Published(
        _fashion_mnist, "`FashionMNIST/raw/`", 60_000, 10_000, (28, 28, 1), 10
    ),
    "torchvision/svhn": Published(
        _svhn, "`train_32x32.mat` and `test_32x32.mat`", 73_257, 26_032, (32, 32, 3), 10
    ),
}
