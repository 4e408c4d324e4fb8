"""Makes an `.npz` of an uploaded zip of image files: the one kind of dataset that is stored."""

import re
import stat
import zipfile
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from app.dataset_archive import READING, open_member
from app.dataset_images import (
    LARGEST_FILE_BYTES,
    Target,
    read_header,
    read_image,
    spread,
    target_of,
)
from app.dataset_layout import Layout, layout_of, shown
from app.dataset_limits import Refused
from app.dataset_samples import Samples

_DRIVE = re.compile(r"[A-Za-z]:")


def convert_images(
    archive: zipfile.ZipFile, max_unpacked_bytes: int, output: IO[bytes], samples: Samples
) -> dict[str, object]:
    """Writes the archive's images as an `.npz`, and returns the dataset's summary.

    No name in the archive becomes a path on disk; one image is held at a time.

    Args:
        archive: see `layout_of` for how the images lie in it.
        max_unpacked_bytes: most that its files may have in all, and most that the arrays may.
        output: an empty file.
        samples: takes some of the images.

    Returns:
        `n`, `test_n`, `shape`, `dtype`, `classes`, `class_counts`, `shorter_side`, `notes`.

    Raises:
        Refused: it is no dataset; names the file that is wrong.
        OSError: the output's disk is full or broken.
    """
    files = _files(archive, max_unpacked_bytes)
    layout = layout_of(files)
    target = target_of(
        [read_header(shown(path), _read(archive, files[path])) for path, _ in spread(layout.images)]
    )
    _expect_room(layout, target, max_unpacked_bytes)
    labels = np.array([label for _, label in layout.images])
    samples.choose(labels, (target.height, target.width, target.channels))
    with zipfile.ZipFile(output, "w", zipfile.ZIP_STORED) as made:
        for prefix, members in (("", layout.images), ("test_", layout.test)):
            if members:
                of_these = None if prefix else samples
                _write_images(made, f"{prefix}images", archive, files, members, target, of_these)
                _write(made, f"{prefix}labels", np.array([label for _, label in members]))
        _write(made, "classes", np.array(layout.classes))
    return {
        "n": len(layout.images),
        "test_n": len(layout.test),
        "shape": [target.height, target.width, target.channels],
        "dtype": "uint8",
        "classes": layout.classes,
        "class_counts": layout.counts,
        "shorter_side": target.shorter_side,
        "notes": layout.notes,
    }


def _files(archive: zipfile.ZipFile, max_unpacked_bytes: int) -> dict[str, zipfile.ZipInfo]:
    """Returns the archive's files by their paths; folders are left out."""
    files: dict[str, zipfile.ZipInfo] = {}
    total = 0
    for info in archive.infolist():
        _expect_plain(info)
        if info.is_dir():
            continue
        if info.filename in files:
            raise Refused("", f"{shown(info.filename)} is there twice")
        files[info.filename] = info
        total += info.file_size
    if total > max_unpacked_bytes:
        raise Refused(
            "", f"it unpacks to {total} bytes, but {max_unpacked_bytes} are the most that is taken"
        )
    return files


def _expect_plain(info: zipfile.ZipInfo) -> None:
    """Sees whether a member is a file or folder within the archive, and can be read."""
    path = info.filename
    parts = path.removesuffix("/").split("/")
    if "\\" in path or _DRIVE.match(path) or any(part in ("", ".", "..") for part in parts):
        raise Refused("", f"{shown(path)} is no path within the archive")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise Refused("", f"{shown(path)} is a link or a device, but files are wanted")
    if info.flag_bits & 0x1:
        raise Refused("", f"{shown(path)} is encrypted")
    if info.file_size > LARGEST_FILE_BYTES:
        raise Refused(
            "",
            f"{shown(path)} has {info.file_size} bytes, but {LARGEST_FILE_BYTES} are the most",
        )


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """Returns a member's bytes, of which there are no more than it says."""
    try:
        with open_member(archive, "", info) as member:
            return member.read(info.file_size + 1)  # without a bound all of it is unpacked
    except Refused as refusal:
        raise Refused("", f"{shown(info.filename)}: {refusal.detail}") from refusal
    except READING as error:
        raise Refused("", f"{shown(info.filename)} is damaged") from error


def _expect_room(layout: Layout, target: Target, max_unpacked_bytes: int) -> None:
    number = len(layout.images) + len(layout.test)
    size = number * target.height * target.width * target.channels
    if size > max_unpacked_bytes:
        raise Refused(
            "",
            f"its {number} images take {size} bytes as {target.height} x {target.width} x"
            f" {target.channels}, but {max_unpacked_bytes} are the most that is taken",
        )


def _write_images(
    made: zipfile.ZipFile,
    name: str,
    archive: zipfile.ZipFile,
    files: dict[str, zipfile.ZipInfo],
    members: list[tuple[str, int]],
    target: Target,
    samples: Samples | None,
) -> None:
    """Writes the images as an array uint8 `n x height x width x channels`, one at a time."""
    shape = (len(members), target.height, target.width, target.channels)
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    with made.open(f"{name}.npy", "w", force_zip64=True) as array:
        np.lib.format.write_array_header_1_0(array, header)
        for number, (path, _) in enumerate(members):
            image = read_image(shown(path), _read(archive, files[path]), target).tobytes()
            if samples is not None:
                samples.pass_by(number * len(image), image)
            array.write(image)


def _write(made: zipfile.ZipFile, name: str, array: NDArray[Any]) -> None:
    with made.open(f"{name}.npy", "w") as member:
        np.lib.format.write_array(member, array, allow_pickle=False)
