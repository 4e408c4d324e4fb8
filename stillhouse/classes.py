"""How many classes images are of, told on this machine and before anything is sent."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from stillhouse.dataset_source import UnusableDataset

_IMAGES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif"})
_TRAIN = frozenset({"train", "training"})


def expect_same_classes(teacher: int | None, images: int | None) -> None:
    """Raises UnusableDataset when a teacher is known to tell other classes apart than there are."""
    if teacher is not None and images is not None and teacher != images:
        msg = f"the teacher tells {teacher} classes apart, but the images are of {images}"
        raise UnusableDataset(msg)


def classes_of(images: Path) -> int | None:
    """Returns how many classes a file or a folder of images has.

    Returns:
        None where that can't be told: the server looks closer, and says what is wrong.
    """
    try:
        if images.suffix == ".npz":
            return _of_arrays(images)
        if images.is_dir():
            files = (path.relative_to(images) for path in images.rglob("*"))
            return _of_paths(file.as_posix() for file in files)
        with zipfile.ZipFile(images) as archive:
            return _of_paths(archive.namelist())
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None


def _of_arrays(path: Path) -> int | None:
    import numpy as np

    with np.load(path, allow_pickle=False) as arrays:
        if "classes" in arrays:
            return len(arrays["classes"])
        return int(arrays["labels"].max()) + 1


def _of_paths(paths: Iterable[str]) -> int | None:
    """Returns the number of folders that hold images, of those for training where these are told.

    They are `train/CLASS/FILE` or `CLASS/FILE`, maybe in a folder more.
    """
    found = [PurePosixPath(path).parts for path in paths]
    images = [
        parts
        for parts in found
        if len(parts) > 1
        and PurePosixPath(parts[-1]).suffix.lower() in _IMAGES
        and not any(part.startswith((".", "__MACOSX")) for part in parts)
    ]
    train = [parts for parts in images if len(parts) > 2 and parts[-3].lower() in _TRAIN]
    return len({parts[-2] for parts in train or images}) or None
