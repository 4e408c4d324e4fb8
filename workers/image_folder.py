"""Folders of image files that the operator has put on the coordinator's machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from app.catalog import FOLDER_PREFIX
from app.dataset_images import Target, read_header, read_image, spread, target_of
from app.dataset_layout import SPLITS, TRAIN, Layout, layout_of, shown
from app.dataset_limits import Refused
from workers.data import IMAGE_SCALE, Dataset
from workers.image_spool import Images, ImageSpool, images_a_piece
from workers.problems import UnusableDataset
from workers.shelf import Shelf

_DEEPEST = 3  # folders over an image: one of them may be the split, one the class


@dataclass(frozen=True)
class Described:
    """A folder's images by class, and what they are made to be."""

    root: Path
    layout: Layout
    target: Target


def describe_folder(name: str, shelf: Shelf) -> Described:
    """Returns what is in the folder of a name, `folder/NAME`; a few images' headers are read.

    Raises:
        UnusableDataset: there is none, or it is no dataset; says what to do.
    """
    own = name.removeprefix(FOLDER_PREFIX)
    if shelf.folder is None or not (shelf.folder / own).is_dir():
        raise UnusableDataset.because(
            f"there is no folder {own!r} in the operator's folder of datasets: set"
            " STILLHOUSE_DATASETS, where coordinators run, to one that has"
            f" `{own}/train/CLASS/FILE` and, if there are any, `{own}/test/CLASS/FILE`"
        )
    root = shelf.folder / own
    try:
        layout = layout_of(_paths(root))
        looked_at = spread(layout.images)
        headers = [read_header(shown(path), _bytes(root, path)) for path, _ in looked_at]
    except Refused as refusal:
        raise UnusableDataset.because(f"{name}: {refusal.detail}") from refusal
    return Described(root, layout, target_of(headers))


def load_folder(name: str, shelf: Shelf, beat: Callable[[], None]) -> Dataset:
    """Returns the images of a folder, mapped from the disk of the shelf's scratch folder.

    Args:
        name: `folder/NAME`.
        shelf: where it is.
        beat: called every moment; what it raises ends the reading.

    Raises:
        UnusableDataset: there is none, or it is no dataset; names the file that is wrong.
        OSError: the disk is full or broken.
    """
    found = describe_folder(name, shelf)
    layout, target = found.layout, found.target
    members = [*layout.images, *layout.test]
    number = images_a_piece((target.channels, target.height, target.width))
    with ImageSpool(shelf.scratch) as spool, ThreadPoolExecutor(os.cpu_count()) as threads:
        for start in range(0, len(members), number):
            paths = [path for path, _ in members[start : start + number]]
            try:
                images = list(threads.map(partial(_read, found), paths))
            except Refused as refusal:
                raise UnusableDataset.because(f"{name}: {refusal.detail}") from refusal
            spool.append(np.stack(images))
            beat()
        mapped = spool.mapped()
    return Dataset(
        name,
        mapped,
        np.array([label for _, label in members], np.int64),
        len(layout.test),
        tuple(layout.classes),
        IMAGE_SCALE,
        target.shorter_side,
        shelf.scratch,
    )


def _read(found: Described, path: str) -> Images:
    """Returns an image as uint8 `C x H x W`."""
    image = read_image(shown(path), _bytes(found.root, path), found.target)
    return image.transpose(2, 0, 1)


def _bytes(root: Path, path: str) -> bytes:
    """Returns what a file holds; raises `Refused` if it can't be read, as a link to nothing."""
    try:
        return (root / path).read_bytes()
    except OSError as error:
        raise Refused("", f"{shown(path)} can't be read: {error.strerror}") from error


def _paths(root: Path) -> Iterator[str]:
    """Yields the paths of a folder's files, links followed; its splits alone where it has them."""
    # `train` may be the name of a class, too: then images lie in it, not folders.
    has_splits = any(x.is_dir() for split in TRAIN for x in (root / split).glob("*"))
    splits = [root / split for split in SPLITS if (root / split).is_dir()]
    for top in splits if has_splits else [root]:
        for folder, below, files in os.walk(top, followlinks=True):
            here = Path(folder).relative_to(root)
            if len(here.parts) >= _DEEPEST:
                below.clear()  # a link may lead back to where it is
            yield from ((here / file).as_posix() for file in files)
