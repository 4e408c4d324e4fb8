import io
import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from tests.workers.samples import is_mapped
from workers import image_spool
from workers.data import Dataset
from workers.uploaded_dataset import load_npz


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_spool, "PIECE_BYTES", 200)  # a few images


def _load(*, compressed: bool = True, **arrays: object) -> Dataset:
    file = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(file, **arrays)  # type: ignore[arg-type]
    file.seek(0)
    with tempfile.TemporaryDirectory() as scratch:
        return load_npz("x", file, Path(scratch), shorter_side=7)


def test_colour_images_become_channels_first() -> None:
    images = np.random.default_rng(0).integers(0, 256, (20, 5, 4, 3), dtype=np.uint8)
    dataset = _load(images=images, labels=np.arange(20) % 3)
    assert dataset.images.shape == (20, 3, 5, 4)
    assert np.array_equal(dataset.images[7, 2], images[7, :, :, 2])
    assert dataset.classes == ("0", "1", "2")
    assert dataset.scale == 255.0


def test_grey_images_get_a_channel_and_a_given_test_split_comes_last() -> None:
    images = np.arange(40, dtype=np.uint8).reshape(40, 1, 1).repeat(4, 1).repeat(4, 2)
    dataset = _load(
        images=images[:30],
        labels=np.arange(30) % 2,
        test_images=images[30:],
        test_labels=np.arange(10, dtype=np.uint8) % 2,
        classes=np.array(["cat", "dog"]),
    )
    assert dataset.images.shape == (40, 1, 4, 4)
    assert dataset.splits.test.tolist() == list(range(30, 40))
    assert len(dataset.splits.validation) == 2 * round(15 * 0.1)
    assert dataset.classes == ("cat", "dog")
    assert dataset.labels.dtype == np.int64


def test_what_would_have_to_be_unpickled_is_refused() -> None:
    objects = np.array([{"a": 1}] * 3, dtype=object)
    with pytest.raises(ValueError, match="the images are object, expected uint8"):
        _load(images=objects, labels=np.zeros(3))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        _load(images=np.zeros((3, 4, 4), np.uint8), labels=objects)


def test_images_without_labels_are_refused() -> None:
    with pytest.raises(KeyError):
        _load(images=np.zeros((3, 4, 4), np.uint8))
    with pytest.raises(ValueError, match="3 images but 2 labels"):
        _load(images=np.zeros((3, 4, 4), np.uint8), labels=np.zeros(2))


@pytest.mark.parametrize(
    ("dtype", "labels", "message"),
    [
        (np.float32, [0, 1, 1], "the images are float32, expected uint8"),
        (np.uint8, [0, 1, 2], "labels from 0 to 2 for 2 classes"),
        (np.uint8, [0, 1, -1], "labels from -1 to 1 for 2 classes"),
    ],
)
def test_what_doesn_t_match_is_refused(dtype: type, labels: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _load(
            images=np.zeros((3, 4, 4)).astype(dtype),
            labels=np.array(labels),
            classes=np.array(["cat", "dog"]),
        )


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("shape", [(20, 5, 4), (20, 5, 4, 1), (20, 5, 4, 3), (20, 50, 40, 3)])
def test_images_are_unpacked_piece_by_piece_and_mapped(
    shape: tuple[int, ...], compressed: bool
) -> None:
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    dataset = _load(images=images, labels=np.arange(20) % 3, compressed=compressed)
    expected = images.reshape(*shape[:3], -1).transpose(0, 3, 1, 2)
    assert np.array_equal(dataset.images, expected)
    assert is_mapped(dataset.images)
    assert dataset.shorter_side == 7


def test_images_in_fortran_s_order_are_the_same() -> None:
    images = np.random.default_rng(0).integers(0, 256, (20, 5, 4, 3), dtype=np.uint8)
    dataset = _load(images=np.asfortranarray(images), labels=np.arange(20) % 3)
    assert np.array_equal(dataset.images, images.transpose(0, 3, 1, 2))


def test_memory_holds_a_few_images_at_once() -> None:
    images = np.zeros((4000, 32, 32, 3), np.uint8)
    file = io.BytesIO()
    np.savez_compressed(file, images=images, labels=np.arange(4000) % 3)
    file.seek(0)
    with tempfile.TemporaryDirectory() as scratch:
        tracemalloc.start()
        dataset = load_npz("x", file, Path(scratch))
        data = dataset.training_data(dataset.splits, dataset.preprocessing((32, 32)))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert len(data.train) == 2800
    assert peak < images.nbytes / 10
