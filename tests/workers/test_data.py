import io

import numpy as np
import pytest

from workers.data import load_digits, load_npz
from workers.preprocessing import Preprocessing


def _npz(**arrays: object) -> io.BytesIO:
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]
    file.seek(0)
    return file


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


def test_colour_images_become_channels_first() -> None:
    images = np.random.default_rng(0).integers(0, 256, (20, 5, 4, 3), dtype=np.uint8)
    dataset = load_npz("x", _npz(images=images, labels=np.arange(20) % 3))
    assert dataset.images.shape == (20, 3, 5, 4)
    assert np.array_equal(dataset.images[7, 2], images[7, :, :, 2])
    assert dataset.classes == ("0", "1", "2")
    assert dataset.scale == 255.0


def test_grey_images_get_a_channel_and_a_given_test_split_comes_last() -> None:
    images = np.arange(40, dtype=np.uint8).reshape(40, 1, 1).repeat(4, 1).repeat(4, 2)
    dataset = load_npz(
        "x",
        _npz(
            images=images[:30],
            labels=np.arange(30) % 2,
            test_images=images[30:],
            test_labels=np.arange(10, dtype=np.uint8) % 2,
            classes=np.array(["cat", "dog"]),
        ),
    )
    assert dataset.images.shape == (40, 1, 4, 4)
    assert dataset.splits.test.tolist() == list(range(30, 40))
    assert len(dataset.splits.validation) == 2 * round(15 * 0.1)
    assert dataset.classes == ("cat", "dog")
    assert dataset.labels.dtype == np.int64


def test_what_would_have_to_be_unpickled_is_refused() -> None:
    file = _npz(images=np.array([{"a": 1}], dtype=object), labels=np.zeros(1))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        load_npz("x", file)


def test_images_without_labels_are_refused() -> None:
    with pytest.raises(KeyError):
        load_npz("x", _npz(images=np.zeros((3, 4, 4), np.uint8)))
    with pytest.raises(ValueError, match="3 images but 2 labels"):
        load_npz("x", _npz(images=np.zeros((3, 4, 4), np.uint8), labels=np.zeros(2)))


@pytest.mark.parametrize(
    ("dtype", "labels", "message"),
    [
        (np.float32, [0, 1, 1], "the images are float32, expected uint8"),
        (np.uint8, [0, 1, 2], "labels from 0 to 2 for 2 classes"),
        (np.uint8, [0, 1, -1], "labels from -1 to 1 for 2 classes"),
    ],
)
def test_what_doesn_t_match_is_refused(dtype: type, labels: list[int], message: str) -> None:
    file = _npz(
        images=np.zeros((3, 4, 4)).astype(dtype),
        labels=np.array(labels),
        classes=np.array(["cat", "dog"]),
    )
    with pytest.raises(ValueError, match=message):
        load_npz("x", file)


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
