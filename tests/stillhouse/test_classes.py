from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from stillhouse.classes import classes_of, expect_same_classes
from stillhouse.dataset_source import UnusableDataset


def test_labels_or_names_tell_the_classes_of_arrays(tmp_path: Path) -> None:
    path = tmp_path / "images.npz"
    np.savez(path, images=np.zeros((3, 8, 8), np.uint8), labels=np.array([0, 1, 2]))
    assert classes_of(path) == 3
    np.savez(path, labels=np.array([0, 1, 2]), classes=np.array(["a", "b", "c", "d"]))
    assert classes_of(path) == 4


@pytest.mark.parametrize(
    ("files", "classes"),
    [
        (["cat/1.png", "dog/1.JPG", "dog/2.png", "notes.txt"], 2),
        (["train/cat/1.png", "train/dog/1.png", "test/cat/1.png", "readme.png"], 2),
        (["pets/train/cat/1.png", "pets/train/dog/1.png", "pets/val/cat/1.png"], 2),
        ([".hidden/1.png", "__MACOSX/1.png", "cat/1.png"], 1),
        (["notes.txt"], None),
    ],
)
def test_folders_tell_the_classes_of_files(
    tmp_path: Path, files: list[str], classes: int | None
) -> None:
    with zipfile.ZipFile(tmp_path / "pets.zip", "w") as archive:
        for name in files:
            path = tmp_path / "pets" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            archive.writestr(name, b"")
    assert classes_of(tmp_path / "pets") == classes
    assert classes_of(tmp_path / "pets.zip") == classes


@pytest.mark.parametrize("name", ["none.npz", "broken.npz", "broken.zip"])
def test_what_cannot_be_read_is_for_the_server_to_refuse(tmp_path: Path, name: str) -> None:
    if name.startswith("broken"):
        (tmp_path / name).write_bytes(b"PK")
    assert classes_of(tmp_path / name) is None


def test_other_numbers_are_told_and_unknown_ones_pass() -> None:
    with pytest.raises(UnusableDataset, match="tells 10 classes apart, but the images are of 2"):
        expect_same_classes(10, 2)
    for teacher, images in ((10, 10), (None, 2), (10, None)):
        expect_same_classes(teacher, images)
