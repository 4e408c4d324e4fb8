import io

import numpy as np
import pytest
from PIL import Image

from app.dataset_samples import LARGEST_SIDE, Samples


def _sheet(images: np.ndarray, labels: list[int], piece: int = 7) -> np.ndarray:
    """Returns the samples of images that pass by in pieces."""
    samples = Samples()
    _, height, width, channels = images.shape
    samples.choose(np.array(labels), (height, width, channels))
    data = images.tobytes()
    for offset in range(0, len(data), piece):
        samples.pass_by(offset, data[offset : offset + piece])
    return np.asarray(Image.open(io.BytesIO(samples.png())))


@pytest.mark.parametrize("piece", [1, 7, 64, 10_000])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_first_images_of_each_class_stand_in_two_rows(channels: int, piece: int) -> None:
    shape = (40, 4, 5, channels)
    images = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    labels = [number % 6 for number in sorted(range(40), key=lambda number: number % 6)]
    row, below = (
        np.concatenate([images[labels.index(one) + later] for one in range(6)], axis=1)
        for later in range(2)
    )
    assert np.array_equal(_sheet(images, labels, piece), np.concatenate([row, below]).squeeze())


def test_of_many_classes_twelve_are_shown() -> None:
    images = np.arange(20, dtype=np.uint8)[:, None, None, None].repeat(4, 1).repeat(4, 2) + 17
    shown = _sheet(images, list(range(20)))[::4, ::4]
    assert shown.tolist() == [list(range(17, 23)), list(range(23, 29))]


def test_large_images_are_made_small() -> None:
    images = np.full((4, 100, 200, 3), 99, np.uint8)
    assert _sheet(images, [0, 1, 0, 1], 10_000).shape == (LARGEST_SIDE // 2, 4 * LARGEST_SIDE, 3)


def test_digits_that_end_at_16_are_not_black() -> None:
    images = np.full((2, 8, 8, 1), 16, np.uint8)
    assert _sheet(images, [0, 1]).min() == 240
