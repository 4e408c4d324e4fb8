import hashlib
from pathlib import Path

import pytest

from workers.published_files import Fault, checksum_fault, idx_fault

IMAGES = bytes((0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3)) + bytes(6)
LABELS = bytes((0, 0, 8, 1, 0, 0, 0, 2)) + bytes((0, 4))


def _write(folder: Path, images: bytes = IMAGES, labels: bytes = LABELS) -> None:
    (folder / "images").write_bytes(images)
    (folder / "labels").write_bytes(labels)


def _found(folder: Path) -> Fault | None:
    return idx_fault(folder, "images", "labels", (1, 3), 5)


def test_whole_files_have_no_fault(tmp_path: Path) -> None:
    _write(tmp_path)
    assert _found(tmp_path) is None


@pytest.mark.parametrize("file", ["images", "labels"])
def test_a_file_that_is_missing_is_named(file: str, tmp_path: Path) -> None:
    _write(tmp_path)
    (tmp_path / file).unlink()
    assert _found(tmp_path) == Fault(file, "is not there", is_missing=True)


@pytest.mark.parametrize(
    ("images", "labels", "told"),
    [
        (IMAGES[:-1], LABELS, "`images` has 21 bytes, but 22 are right by its first ones"),
        (IMAGES[:15], LABELS, "`images` doesn't begin as images of 1 x 3 pixels in MNIST's"),
        (LABELS, LABELS, "`images` doesn't begin"),
        (IMAGES, IMAGES, "`labels` doesn't begin as labels in MNIST's format do"),
        (IMAGES, LABELS + b"\0", "`labels` has 11 bytes, but 10 are right"),
        (
            IMAGES,
            LABELS[:7] + b"\1\0",
            "`labels` has 1 labels, but `images` has 2 images",
        ),
        (IMAGES, LABELS[:-1] + b"\5", "`labels` has the label 5, but 0 to 4 are wanted"),
    ],
)
def test_a_damaged_file_is_told_with_what_would_be_right(
    images: bytes, labels: bytes, told: str, tmp_path: Path
) -> None:
    _write(tmp_path, images, labels)
    assert str(_found(tmp_path)).startswith(told)


def test_the_first_file_of_another_checksum_is_told(tmp_path: Path) -> None:
    _write(tmp_path)
    right = {
        name: hashlib.md5((tmp_path / name).read_bytes()).hexdigest()
        for name in ("images", "labels")
    }
    assert checksum_fault(tmp_path, right) is None
    (tmp_path / "labels").write_bytes(b"")
    told = f"has the MD5 d41d8cd98f00b204e9800998ecf8427e, but {right['labels']} is that published"
    assert checksum_fault(tmp_path, right) == Fault("labels", told)
    assert checksum_fault(tmp_path, {"none": "", **right}) == Fault(
        "none", "is not there", is_missing=True
    )
