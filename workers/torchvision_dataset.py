"""Datasets that torchvision knows by name, read by its own classes from the operator's folder.

CIFAR's files are pickles: they are the operator's own, and torchvision opens none whose MD5 is not
that of the published file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from pickle import PickleError
from typing import Any
from urllib.error import URLError

import numpy as np
from numpy.typing import NDArray
from torchvision import datasets

from workers.data import IMAGE_SCALE, Dataset
from workers.image_spool import Images, ImageSpool
from workers.problems import UnusableDataset
from workers.published_files import Fault, checksum_fault, idx_fault
from workers.shelf import Shelf
from workers.splits import Indices

# What reading files raises that aren't as published.
_DAMAGED = (
    RuntimeError,
    ValueError,
    EOFError,
    FileNotFoundError,
    AssertionError,
    LookupError,
    TypeError,
    PickleError,
)


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
        fault: says what is wrong with the files of one of these parts, if anything is.
    """

    read: Callable[[Path, bool, bool], Part]
    fault: Callable[[Path, bool], Fault | None]
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
        part = published.read(folder, of_training, download)
        _expect_whole(part, published)
    except _DAMAGED as error:
        fault = published.fault(folder, of_training)
        raise UnusableDataset.because(_told(name, published, fault, error, download)) from error
    except URLError as error:
        raise UnusableDataset.because(f"{name} can't be downloaded: {error.reason}") from error
    return part


def _told(
    name: str, published: Published, fault: Fault | None, error: Exception, download: bool
) -> str:
    """Returns what is wrong with a dataset that could not be read, and what to do."""
    if not download:
        return (
            f"{name} is not whole in the operator's folder of datasets: {fault or error}; put"
            f" {published.files}, as published, there (STILLHOUSE_DATASETS), or set"
            " STILLHOUSE_DATASETS_DOWNLOAD=1"
        )
    if fault is None or fault.is_missing:
        return f"{name} can't be downloaded: {error}"
    return (
        f"{name} is damaged in the operator's folder of datasets: {fault}; delete it, and it is"
        " downloaded again"
    )


def _expect_whole(part: Part, published: Published) -> None:
    """Raises `ValueError` if images and labels are not what the dataset has."""
    height, width, channels = published.shape
    if part.images.shape[1:] != (channels, height, width) or len(part.images) == 0:
        raise ValueError(f"its images are of the shape {part.images.shape}")
    if len(part.labels) != len(part.images):
        raise ValueError(f"it has {len(part.images)} images, but {len(part.labels)} labels")
    if part.labels.min() < 0 or part.labels.max() >= published.classes:
        raise ValueError(f"its labels go from {part.labels.min()} to {part.labels.max()}")


def _cifar(kind: type[datasets.CIFAR10]) -> Callable[[Path, bool, bool], Part]:
    def read(folder: Path, of_training: bool, download: bool) -> Part:
        found = kind(folder, train=of_training, download=download)
        images: NDArray[np.uint8] = found.data
        return Part(images.transpose(0, 3, 1, 2), _labels(found.targets), tuple(found.classes))

    return read


def _cifar_fault(kind: type[datasets.CIFAR10]) -> Callable[[Path, bool], Fault | None]:
    def fault(folder: Path, _: bool) -> Fault | None:
        files = [*kind.train_list, *kind.test_list, [kind.meta["filename"], kind.meta["md5"]]]
        return checksum_fault(folder, {f"{kind.base_folder}/{name}": md5 for name, md5 in files})

    return fault


def _svhn(folder: Path, of_training: bool, download: bool) -> Part:
    found = datasets.SVHN(folder, split="train" if of_training else "test", download=download)
    return Part(found.data, _labels(found.labels), tuple(map(str, range(10))))


def _svhn_fault(folder: Path, of_training: bool) -> Fault | None:
    _, name, md5 = datasets.SVHN.split_list["train" if of_training else "test"]
    return checksum_fault(folder, {name: md5})


def _fashion_mnist(folder: Path, of_training: bool, download: bool) -> Part:
    found = datasets.FashionMNIST(folder, train=of_training, download=download)
    return Part(found.data.numpy()[:, None], _labels(found.targets), tuple(found.classes))


def _fashion_mnist_fault(folder: Path, of_training: bool) -> Fault | None:
    part = f"FashionMNIST/raw/{'train' if of_training else 't10k'}"
    images, labels = f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"
    return idx_fault(folder, images, labels, (28, 28), 10)


def _labels(labels: Any) -> Indices:  # noqa: ANN401 - a list, an array or a tensor
    return np.asarray(labels, np.int64)


PUBLISHED = {
    "torchvision/cifar10": Published(
        _cifar(datasets.CIFAR10),
        _cifar_fault(datasets.CIFAR10),
        "`cifar-10-batches-py/`",
        50_000,
        10_000,
        (32, 32, 3),
        10,
    ),
    "torchvision/cifar100": Published(
        _cifar(datasets.CIFAR100),
        _cifar_fault(datasets.CIFAR100),
        "`cifar-100-python/`",
        50_000,
        10_000,
        (32, 32, 3),
        100,
    ),
    "torchvision/fashionmnist": Published(
        _fashion_mnist,
        _fashion_mnist_fault,
        "`FashionMNIST/raw/`",
        60_000,
        10_000,
        (28, 28, 1),
        10,
    ),
    "torchvision/svhn": Published(
        _svhn,
        _svhn_fault,
        "`train_32x32.mat` and `test_32x32.mat`",
        73_257,
        26_032,
        (32, 32, 3),
        10,
    ),
}
