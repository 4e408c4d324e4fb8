from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch

from stillhouse.dataset_source import UnusableDataset, name_or_path, packed

LABELS = np.arange(6) % 3


def images(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def unpacked(arrays: object) -> dict[str, np.ndarray]:
    with packed(cast(Any, arrays)) as path, np.load(path, allow_pickle=False) as archive:
        found = dict(archive)
    assert not path.exists()
    return found


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("digits", {"name": "digits"}),
        ("dst_1", {"id": "dst_1"}),
        ("torchvision/svhn", {"name": "torchvision/svhn"}),
        ("pets", {"name": "pets"}),
    ],
)
def test_names_and_ids_need_no_upload(given: str, named: dict[str, str]) -> None:
    assert name_or_path(given) == named


def test_a_path_is_a_path(tmp_path: Path) -> None:
    (tmp_path / "digits").mkdir()
    assert name_or_path(tmp_path / "digits") == tmp_path / "digits"
    assert name_or_path(str(tmp_path / "digits")) == tmp_path / "digits"


@pytest.mark.parametrize(
    ("path", "what"), [(Path("pets"), "no folder pets"), ("pets.npz", r"no file pets\.npz")]
)
def test_a_path_where_nothing_is_is_told(path: Path | str, what: str) -> None:
    with pytest.raises(UnusableDataset, match=what):
        name_or_path(path)


def test_images_and_labels_are_packed_as_they_are() -> None:
    given = images(6, 8, 8, 3)
    found = unpacked((given, LABELS))
    assert set(found) == {"images", "labels"}
    np.testing.assert_array_equal(found["images"], given)
    np.testing.assert_array_equal(found["labels"], LABELS)


def test_more_arrays_go_by_name() -> None:
    given = {
        "images": images(6, 8, 8),
        "labels": LABELS.tolist(),
        "test_images": images(3, 8, 8),
        "test_labels": [0, 1, 2],
        "classes": ["ant", "bee", "cat"],
    }
    found = unpacked(given)
    assert set(found) == set(given)
    assert found["classes"].tolist() == ["ant", "bee", "cat"]
    assert found["test_images"].dtype == np.uint8


@pytest.mark.parametrize(
    ("shape", "as_tensor", "first"),
    [
        ((6, 3, 8, 8), True, True),
        ((6, 3, 8, 8), False, True),
        ((6, 8, 8, 3), True, False),
        ((6, 3, 8, 3), True, True),  # both could be: a tensor's channels come first
        ((6, 3, 8, 3), False, False),
    ],
)
def test_channels_come_last(shape: tuple[int, ...], as_tensor: bool, first: bool) -> None:
    given = images(*shape)
    found = unpacked((torch.from_numpy(given) if as_tensor else given, LABELS))["images"]
    np.testing.assert_array_equal(found, given.transpose(0, 2, 3, 1) if first else given)


def test_whole_numbers_of_any_width_become_bytes() -> None:
    given = torch.arange(6 * 64).reshape(6, 8, 8) % 256
    found = unpacked((given, torch.from_numpy(LABELS)))["images"]
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, given.numpy())


@pytest.mark.parametrize(
    ("arrays", "what"),
    [
        ((np.zeros((6, 8, 8)), LABELS), "whole numbers from 0 to 255.*float64 from 0 to 0"),
        ((np.full((6, 8, 8), 256), LABELS), "int64 from 256 to 256"),
        ((np.full((6, 8, 8), -1), LABELS), "from -1"),
        ((images(6, 64), LABELS), r"got shape \(6, 64\)"),
        ((images(5, 8, 8), LABELS), "5 images and 6 labels"),
        (([images(8, 8), images(9, 9)], LABELS), "images are not one array"),
        ((images(6, 8, 8), [None] * 6), "labels are not one array"),
        ((images(6, 8, 8),), "got a tuple of 1"),
        (images(6, 8, 8), "got ndarray"),
        ({"images": images(6, 8, 8)}, "got images"),
        ({"images": images(6, 8, 8), "labels": LABELS, "extra": 1}, "got extra, images, labels"),
        (
            {"images": images(6, 8, 8), "labels": LABELS, "test_images": images(6, 8, 8)},
            "got images, labels, test_images",
        ),
    ],
)
def test_what_can_be_no_data_set_is_told(arrays: object, what: str) -> None:
    with pytest.raises(UnusableDataset, match=what), packed(cast(Any, arrays)):
        pass
