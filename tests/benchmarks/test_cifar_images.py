from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.cifar_images import cifar_images


def test_channels_come_first_and_labels_are_wide(tmp_path: Path) -> None:
    images = np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3)
    np.savez(tmp_path / "some.npz", images=images, labels=np.array([3, 1], np.uint8))
    found, labels = cifar_images(tmp_path / "some.npz")
    assert (found.shape, found.flags.c_contiguous) == ((2, 3, 4, 5), True)
    assert found[1, 2, 3, 4] == images[1, 3, 4, 2]
    assert (labels.dtype, labels.tolist()) == (np.dtype("int64"), [3, 1])


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.npz"):
        cifar_images(tmp_path / "none.npz")
