"""From the name or the id of a dataset in a request to its images."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from zipfile import BadZipFile

import numpy as np

from app.artifacts import Artifacts
from app.catalog import FOLDER_PREFIX
from app.database import Database
from app.datasets import get_dataset
from app.problems import NotFound
from app.requests import DatasetRequest
from workers.data import IMAGE_SCALE, Dataset, load_digits
from workers.image_folder import describe_folder, load_folder
from workers.image_spool import pieces
from workers.problems import UnusableDataset
from workers.shelf import Shelf
from workers.teacher import guessing_accuracy
from workers.torchvision_dataset import PUBLISHED, load_published
from workers.uploaded_dataset import load_npz


def load_dataset(
    database: Database,
    artifacts: Artifacts,
    shelf: Shelf,
    request: DatasetRequest,
    beat: Callable[[], None] = lambda: None,
) -> Dataset:
    """Returns the dataset that a request names; its images are on the disk of `shelf.scratch`.

    Args:
        database: where uploads are on record.
        artifacts: where uploads are.
        shelf: where datasets by name are.
        request: names it.
        beat: called every moment; what it raises ends the loading.

    Raises:
        UnusableDataset: it can't be read, or can't be learned from.
        OSError: the disk is full or broken.
    """
    if request.id is not None:
        dataset = _uploaded(database, artifacts, shelf, request.id)
    else:
        dataset = _named(str(request.name), shelf, beat)
    _expect_learnable(dataset)
    return dataset


def numbers_of(database: Database, shelf: Shelf, request: DatasetRequest) -> dict[str, object]:
    """Returns the dataset's numbers: `n`, `test_n`, `shape` (H, W, C), `classes`, `scale`.

    Its images are not read, but for digits and some headers of image files.

    Raises:
        UnusableDataset: a folder that it names is none.
        NotFound: an upload that it names is gone.
    """
    if request.id is not None:
        return _uploaded_numbers(database, request.id)
    name = str(request.name)
    if name in PUBLISHED:
        known = PUBLISHED[name]
        return _numbers(known.n, known.test_n, known.shape, known.classes, IMAGE_SCALE)
    if name.startswith(FOLDER_PREFIX):
        found = describe_folder(name, shelf)
        layout, target = found.layout, found.target
        shape = (target.height, target.width, target.channels)
        return _numbers(
            len(layout.images), len(layout.test), shape, len(layout.classes), IMAGE_SCALE
        )
    digits = load_digits()
    channels, height, width = digits.images.shape[1:]
    shape = (height, width, channels)
    return _numbers(len(digits.labels), 0, shape, len(digits.classes), digits.scale)


def _uploaded_numbers(database: Database, dataset_id: str) -> dict[str, object]:
    with database.read() as session:
        summary = get_dataset(session, dataset_id).summary
    wanted = {name: summary[name] for name in ("n", "test_n", "shape")}
    classes = summary["classes"]
    assert isinstance(classes, list)
    return wanted | {"classes": len(classes), "scale": IMAGE_SCALE}


def _numbers(
    n: int, test_n: int, shape: tuple[int, int, int], classes: int, scale: float
) -> dict[str, object]:
    return {"n": n, "test_n": test_n, "shape": list(shape), "classes": classes, "scale": scale}


def _named(name: str, shelf: Shelf, beat: Callable[[], None]) -> Dataset:
    if name in PUBLISHED:
        return load_published(name, shelf)
    if name.startswith(FOLDER_PREFIX):
        return load_folder(name, shelf, beat)
    return load_digits()


def _uploaded(database: Database, artifacts: Artifacts, shelf: Shelf, dataset_id: str) -> Dataset:
    try:
        with database.read() as session:
            record = get_dataset(session, dataset_id)
        side = record.summary.get("shorter_side")
        with artifacts.open(record.key) as file:
            return load_npz(
                record.name, file, shelf.scratch, side if isinstance(side, int) else None
            )
    except (NotFound, FileNotFoundError, BadZipFile, zlib.error, ValueError, KeyError) as error:
        raise UnusableDataset.because(f"{dataset_id} can't be read: {error}") from error


def _expect_learnable(dataset: Dataset) -> None:
    """Sees whether a network that has learned from the images could be told from a guess.

    Raises:
        UnusableDataset: a split is empty, all images are the same, or too few validate.
    """
    splits = dataset.splits
    for name in ("train", "validation", "test"):
        if len(getattr(splits, name)) == 0:
            raise UnusableDataset.because(
                f"its {len(dataset.labels)} images are too few: the {name} split would be empty"
            )
    if _are_all_equal(dataset):
        raise UnusableDataset.because(f"its {len(dataset.labels)} images are all the same")
    labels = dataset.labels[splits.validation]
    if guessing_accuracy(labels) >= 1:
        commonest = np.bincount(labels).max()
        raise UnusableDataset.because(
            f"its {len(dataset.labels)} images are too few, or of too unequal classes: of the"
            f" {len(labels)} that validate {commonest} are of one class, so that no accuracy tells"
            " a network from guessing"
        )


def _are_all_equal(dataset: Dataset) -> bool:
    images = dataset.images
    everything = np.arange(len(images))
    return all(bool((images[piece] == images[0]).all()) for piece in pieces(everything, images))
