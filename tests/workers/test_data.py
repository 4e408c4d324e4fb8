from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.workers.samples import is_mapped
from workers.data import Dataset, load_digits
from workers.preprocessing import Preprocessing


def test_the_digits_are_all_there_with_their_scale() -> None:
    digits = load_digits()
    assert digits.images.shape == (1797, 1, 8, 8)
    assert digits.images.dtype == np.uint8
    assert digits.images.max() == 16
    assert digits.scale == 16.0
    assert digits.classes == tuple("0123456789")
    sizes = [len(getattr(digits.splits, name)) for name in ("train", "validation", "test")]
    assert sum(sizes) == 1797
    assert sizes[1] == sizes[2] == 269


def test_the_same_images_are_split_the_same_way() -> None:
    assert load_digits().splits.test.tolist() == load_digits().splits.test.tolist()


def test_select_takes_images_with_their_labels() -> None:
    digits = load_digits()
    chosen = digits.select(np.array([3, 1]))
    assert chosen.labels.tolist() == digits.labels[[3, 1]].tolist()
    assert np.array_equal(chosen.images[0], digits.images[3])
    assert len(chosen) == 2


def test_training_data_has_no_image_of_the_test_split() -> None:
    digits = load_digits()
    preprocessing = Preprocessing.of(digits.images, digits.scale, (8, 8))
    data = digits.training_data(digits.splits, preprocessing)
    assert data.train.labels.tolist() == digits.labels[digits.splits.train].tolist()
    assert data.validation.labels.tolist() == digits.labels[digits.splits.validation].tolist()
    assert len(data.train) + len(data.validation) == len(digits.labels) - len(digits.splits.test)
    assert data.preprocessing == preprocessing


def test_what_is_selected_of_a_mapped_dataset_is_mapped_too(tmp_path: Path) -> None:
    digits = load_digits()
    mapped = replace(digits, scratch=tmp_path / "scratch")
    data = mapped.training_data(mapped.splits, mapped.preprocessing((8, 8)))
    held = digits.training_data(digits.splits, digits.preprocessing((8, 8)))
    assert np.array_equal(data.train.images, held.train.images)
    assert np.array_equal(data.validation.images, held.validation.images)
    assert is_mapped(data.train.images)
    assert not is_mapped(held.train.images)
    assert list((tmp_path / "scratch").iterdir()) == []


def test_the_training_images_alone_standardise() -> None:
    digits = load_digits()
    images = digits.images.copy()
    images[digits.splits.test] = 0
    blacked = Dataset("x", images, digits.labels, 0, digits.classes, 16.0, shorter_side=8)
    object.__setattr__(blacked, "splits", digits.splits)
    expected = Preprocessing.of(digits.images[digits.splits.train], 16.0, (9, 9), shorter_side=8)
    assert blacked.preprocessing((9, 9)) == expected
    assert digits.preprocessing((9, 9)) == replace(expected, shorter_side=None)
