"""What is wrong with the files of a published dataset, by name: so that it can be put right."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_IDX_BYTES = bytes((0, 0, 8))  # how a file of bytes in the format of MNIST begins


@dataclass(frozen=True)
class Fault:
    """One file that is missing or not as published.

    Attributes:
        file: relative to the folder of datasets.
        detail: what is wrong with it, and what would be right.
        is_missing: whether it isn't there at all.
    """

    file: str
    detail: str
    is_missing: bool = False

    def __str__(self) -> str:
        return f"`{self.file}` {self.detail}"


def checksum_fault(folder: Path, md5s: Mapping[str, str]) -> Fault | None:
    """Returns the first of the files (path in the folder, and MD5) that isn't the published one."""
    for name, md5 in md5s.items():
        if not (folder / name).is_file():
            return _missing(name)
        with (folder / name).open("rb") as file:
            found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
        if found.hexdigest() != md5:
            return Fault(name, f"has the MD5 {found.hexdigest()}, but {md5} is that published")
    return None


def idx_fault(
    folder: Path, images: str, labels: str, size: tuple[int, int], classes: int
) -> Fault | None:
    """Returns what is wrong with a file of images or that of their labels, in MNIST's format.

    Args:
        folder: where they are.
        images: path in it.
        labels: likewise.
        size: of an image: height and width, pixels.
        classes: how many there are.
    """
    for name, shape in ((images, size), (labels, ())):
        fault = _shape_fault(folder, name, shape)
        if fault is not None:
            return fault
    n, given = _count(folder / images), np.fromfile(folder / labels, np.uint8, offset=8)
    if len(given) != n:
        return Fault(labels, f"has {len(given):,} labels, but `{images}` has {n:,} images")
    if n and given.max() >= classes:
        return Fault(labels, f"has the label {given.max()}, but 0 to {classes - 1} are wanted")
    return None


def _shape_fault(folder: Path, name: str, shape: tuple[int, ...]) -> Fault | None:
    """Returns why a file doesn't hold bytes `n x shape`, if it doesn't."""
    path = folder / name
    if not path.is_file():
        return _missing(name)
    head = 4 * (2 + len(shape))
    begin = _IDX_BYTES + bytes((1 + len(shape),)) + struct.pack(f">{len(shape)}i", *shape)
    with path.open("rb") as file:
        found = file.read(head)
    if len(found) < head or found[:4] + found[8:] != begin:
        wanted = "images of {} x {} pixels".format(*shape) if shape else "labels"
        return Fault(name, f"doesn't begin as {wanted} in MNIST's format do")
    right, there = head + _count(path) * int(np.prod(shape)), path.stat().st_size
    if there != right:
        return Fault(name, f"has {there:,} bytes, but {right:,} are right by its first ones")
    return None


def _count(path: Path) -> int:
    """Returns how many images or labels a file says that it has."""
    with path.open("rb") as file:
        return int.from_bytes(file.read(8)[4:], "big")


def _missing(name: str) -> Fault:
    return Fault(name, "is not there", is_missing=True)
