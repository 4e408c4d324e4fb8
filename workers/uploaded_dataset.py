"""An uploaded dataset: unpacked to disk piece by piece, never whole in memory."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np
from numpy.lib.npyio import NpzFile

from workers.data import IMAGE_SCALE, Dataset
from workers.image_spool import Images, ImageSpool, images_a_piece

_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def load_npz(name: str, file: BinaryIO, scratch: Path, shorter_side: int | None = None) -> Dataset:
    """Reads an uploaded archive, whose images are then mapped from the disk of `scratch`.

    It holds `images` and `labels`, optionally `test_images`, `test_labels` and `classes`. It was
    checked when it was uploaded; nothing is unpickled here either.

    Args:
        name: what people call it.
        file: the archive.
        scratch: a folder.
        shorter_side: as of `Preprocessing`, where it was made of image files.

    Raises:
        ValueError: the archive would need unpickling, or its arrays are wrong or don't match.
        KeyError: `images` or `labels` is missing.
        OSError: the disk is full or broken.
    """
    with np.load(file, allow_pickle=False) as arrays, ImageSpool(scratch) as spool:
        _unpack(arrays, "images", spool)
        labels, given_test = arrays["labels"].astype(np.int64), 0
        if "test_images" in arrays:
            _unpack(arrays, "test_images", spool)
            given_test = len(arrays["test_labels"])
            labels = np.concatenate([labels, arrays["test_labels"].astype(np.int64)])
        names = arrays["classes"] if "classes" in arrays else np.arange(labels.max() + 1)
        images = spool.mapped()
    if len(images) != len(labels):
        raise ValueError(f"{len(images)} images but {len(labels)} labels")
    if labels.min() < 0 or labels.max() >= len(names):
        raise ValueError(f"labels from {labels.min()} to {labels.max()} for {len(names)} classes")
    classes = tuple(str(name) for name in names)
    return Dataset(name, images, labels, given_test, classes, IMAGE_SCALE, shorter_side, scratch)


def _unpack(arrays: NpzFile[Any], name: str, spool: ImageSpool) -> None:
    """Appends an array's images, `n x H x W` or `n x H x W x C`, channels first."""
    assert arrays.zip is not None
    with arrays.zip.open(f"{name}.npy") as member:
        shape, in_columns, dtype = _HEADERS[np.lib.format.read_magic(member)](member)
        if dtype != np.uint8:
            raise ValueError(f"the {name} are {dtype}, expected uint8")
        if in_columns:  # an image's bytes are all over the array
            spool.append(_channels_first(arrays[name]))
            return
        number = images_a_piece(shape[1:])
        for start in range(0, shape[0], number):
            piece = (min(number, shape[0] - start), *shape[1:])
            data = _exactly(member, int(np.prod(piece)))
            spool.append(_channels_first(np.frombuffer(data, np.uint8).reshape(piece)))


def _exactly(member: IO[bytes], size: int) -> bytes:
    data = member.read(size)
    if len(data) < size:
        raise ValueError("the array has less data than its shape says")
    return data


def _channels_first(images: Images) -> Images:
    """Returns `n x C x H x W` of `n x H x W` or `n x H x W x C`."""
    return images[:, None] if images.ndim == 3 else images.transpose(0, 3, 1, 2)
