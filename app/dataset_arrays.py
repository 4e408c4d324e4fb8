"""Checks the arrays of an uploaded `.npz`: read in pieces and never held, nothing unpickled."""

import math
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from app.dataset_archive import READING, open_member
from app.dataset_limits import (
    LARGEST_SIDE,
    LONGEST_CLASS_NAME,
    MOST_CLASSES,
    MOST_IMAGES,
    SMALLEST_SIDE,
    Refused,
    expect_classes,
)
from app.dataset_samples import Samples

_PIECE_BYTES = 2**20
_NEEDED = ("images", "labels")
_KNOWN = (*_NEEDED, "test_images", "test_labels", "classes")


@dataclass(frozen=True)
class Array:
    """An array's header and where its data is."""

    name: str
    info: zipfile.ZipInfo
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool

    @property
    def bytes(self) -> int:
        """Size of the data, as the header says it."""
        return math.prod(self.shape) * self.dtype.itemsize


def check_arrays(
    archive: zipfile.ZipFile, max_unpacked_bytes: int, samples: Samples
) -> dict[str, object]:
    """Returns the dataset's summary: `n`, `test_n`, `shape`, `dtype`, `classes`, `class_counts`.

    Args:
        archive: the `.npz`.
        max_unpacked_bytes: most that its arrays may have in all.
        samples: takes some of its images, unless they lie in Fortran's order.

    Raises:
        Refused: it is not a dataset; says which array is wrong and what would be right.
    """
    arrays = _read_headers(archive)
    _check_sizes(arrays, max_unpacked_bytes)
    shape = _check_images(arrays["images"])
    labels = _read_labels(archive, arrays["labels"], arrays["images"].shape[0])
    names = _read_classes(archive, arrays.get("classes"))
    counts = _count(labels, names, has_test="test_images" in arrays)
    test_n = _check_test(archive, arrays, shape, len(counts))
    if not arrays["images"].fortran:
        samples.choose(labels, (shape[0], shape[1], shape[2]))
    _read_through(archive, arrays["images"], samples.pass_by)
    if "test_images" in arrays:
        _read_through(archive, arrays["test_images"])
    return {
        "n": len(labels),
        "test_n": test_n,
        "shape": shape,
        "dtype": "uint8",
        "classes": names or [str(label) for label in range(len(counts))],
        "class_counts": counts,
    }


def _read_headers(archive: zipfile.ZipFile) -> dict[str, Array]:
    names = [info.filename for info in archive.infolist()]
    known = {f"{name}.npy" for name in _KNOWN}
    for name in names:
        if name not in known:
            raise Refused("", f"it has {name[:100]!r}, but only {_list(_KNOWN)} are known")
    if len(set(names)) < len(names):
        raise Refused("", "an array is there twice")
    for name in _NEEDED:
        if f"{name}.npy" not in names:
            raise Refused(name, f"the array `{name}` is missing")
    return {i.filename[:-4]: _read_header(archive, i) for i in archive.infolist()}


def _read_header(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Array:
    name = info.filename[:-4]
    with open_member(archive, name, info) as member:
        shape, fortran, dtype = _parse_header(name, member)
    if dtype.hasobject:
        raise Refused(name, "it holds Python objects, which are never unpickled")
    if any(type(size) is not int or size < 0 for size in shape):
        raise Refused(name, "its shape is no shape")
    return Array(name, info, shape, dtype, fortran)


def _parse_header(name: str, member: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    try:
        return readers[np.lib.format.read_magic(member)](member)
    except READING as error:
        raise Refused(name, "it is no .npy array that numpy can read") from error


def _check_sizes(arrays: dict[str, Array], max_unpacked_bytes: int) -> None:
    total = sum(array.bytes for array in arrays.values())
    if total > max_unpacked_bytes:
        raise Refused(
            "", f"it unpacks to {total} bytes, but {max_unpacked_bytes} are the most that is taken"
        )


def _check_images(array: Array) -> list[int]:
    """Returns an image's height, width and channels."""
    if array.dtype != np.uint8:
        raise Refused(array.name, f"uint8 from 0 to 255 is wanted, not {array.dtype}")
    if len(array.shape) not in (3, 4):
        raise Refused(array.name, f"N x H x W or N x H x W x C is wanted, not {_shape(array)}")
    number, height, width, channels = (*array.shape, 1)[:4]
    if channels not in (1, 3):
        raise Refused(array.name, f"1 or 3 channels, the last axis, are wanted, not {channels}")
    if not all(SMALLEST_SIDE <= side <= LARGEST_SIDE for side in (height, width)):
        sides = f"{SMALLEST_SIDE} to {LARGEST_SIDE}"
        raise Refused(
            array.name, f"images of {sides} pixels a side are wanted, not {_shape(array)}"
        )
    if not 1 <= number <= MOST_IMAGES:
        raise Refused(array.name, f"1 to {MOST_IMAGES} images are wanted, not {number}")
    return [height, width, channels]


def _read_labels(archive: zipfile.ZipFile, array: Array, number: int) -> np.ndarray[Any, Any]:
    if array.dtype.kind not in "iu":
        raise Refused(array.name, f"integers are wanted, not {array.dtype}")
    if array.shape != (number,):
        wanted = f"one label for each of {number} images"
        raise Refused(array.name, f"{wanted} is wanted, not {_shape(array)}")
    labels = np.frombuffer(_read_data(archive, array), array.dtype)
    if int(labels.min()) < 0:
        raise Refused(array.name, f"labels from 0 on are wanted, but one is {labels.min()}")
    return labels


def _read_classes(archive: zipfile.ZipFile, array: Array | None) -> list[str] | None:
    if array is None:
        return None
    if array.dtype.kind != "U" or len(array.shape) != 1:
        raise Refused("classes", f"a list of strings is wanted, not {array.dtype} {_shape(array)}")
    if array.shape[0] > MOST_CLASSES or array.dtype.itemsize > 4 * LONGEST_CLASS_NAME:
        raise Refused("classes", f"{MOST_CLASSES} names of {LONGEST_CLASS_NAME} are the most")
    try:
        names: list[str] = np.frombuffer(_read_data(archive, array), array.dtype).tolist()
    except ValueError as error:
        raise Refused("classes", "a name is no Unicode text") from error
    if not all(name and name.isprintable() for name in names):
        raise Refused("classes", "names of printable characters are wanted")
    if len(set(names)) < len(names):
        raise Refused("classes", "each name may be there once")
    return names


def _count(labels: np.ndarray[Any, Any], names: list[str] | None, has_test: bool) -> list[int]:
    """Returns how many images each class has."""
    largest = int(labels.max())
    number = largest + 1 if names is None else len(names)
    if largest >= number:
        raise Refused("labels", f"a label is {largest}, but `classes` has {number} names")
    if number > MOST_CLASSES:  # counting them would take the memory of as many numbers
        raise Refused("labels", f"2 to {MOST_CLASSES} classes are wanted, not {number}")
    counts: list[int] = np.bincount(labels.astype(np.int64), minlength=number).tolist()
    expect_classes("labels", counts, names, has_test)
    return counts


def _check_test(
    archive: zipfile.ZipFile, arrays: dict[str, Array], shape: list[int], classes: int
) -> int:
    """Returns the number of test images."""
    images, labels = arrays.get("test_images"), arrays.get("test_labels")
    if images is None and labels is None:
        return 0
    if images is None or labels is None:
        missing = "test_images" if images is None else "test_labels"
        raise Refused(missing, "give both `test_images` and `test_labels`, or neither")
    found = _check_images(images)
    if found != shape:
        raise Refused("test_images", f"images of {shape} as in `images` are wanted, not {found}")
    largest = int(_read_labels(archive, labels, images.shape[0]).max())
    if largest >= classes:
        raise Refused("test_labels", f"a label is {largest}, but there are {classes} classes")
    return images.shape[0]


def _read_data(archive: zipfile.ZipFile, array: Array) -> bytes:
    pieces: list[bytes] = []
    _read_through(archive, array, lambda _, piece: pieces.append(piece))
    return b"".join(pieces)


def _read_through(
    archive: zipfile.ZipFile, array: Array, take: Callable[[int, bytes], None] | None = None
) -> None:
    """Reads an array's data to its end, which checks its length and its checksum.

    `take` gets each piece, and how many bytes were before it.
    """
    left = array.bytes
    with open_member(archive, array.name, array.info) as member:
        _parse_header(array.name, member)
        try:
            while piece := member.read(_PIECE_BYTES):
                left -= len(piece)
                if left < 0:
                    break
                if take is not None:
                    take(array.bytes - left - len(piece), piece)
        except READING as error:
            raise Refused(array.name, "its data is damaged") from error
    if left != 0:
        raise Refused(array.name, "it has more or less data than its shape says")


def _shape(array: Array) -> str:
    return " x ".join(map(str, array.shape)) or "a single number"


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
