from pathlib import Path

import numpy as np
import pytest

from benchmarks.cifar_images import TRAIN
from benchmarks.train.subjects import (
    VALIDATION,
    space_of,
    subjects,
    training_data,
)
from workers.precision import Precision
from workers.teacher import Teacher


def test_there_is_one_student_of_each_size() -> None:
    space, weights = space_of("zoo/resnet20")
    arrays = {name: tensor.numpy() for name, tensor in weights.items()}
    teacher = Teacher(space.architecture.to_json(), arrays, Precision(), 8)
    whole, small = subjects(teacher, space)
    assert (whole.params_ratio, whole.macs_ratio) == (1.0, 1.0)
    assert small.params_ratio == pytest.approx(0.2, abs=0.01)
    counted = [sum(x.numel() for x in one.module().parameters()) for one in (whole, small)]
    assert counted[1] / counted[0] == pytest.approx(small.params_ratio)


def test_random_images_have_cifar_s_shape_and_come_by_a_seed() -> None:
    data, again = training_data(64, None), training_data(64, None)
    assert data.train.images.shape == (64, 3, 32, 32)
    assert len(data.validation) == VALIDATION
    assert np.array_equal(data.train.images, again.train.images)
    assert set(data.train.labels.tolist()) <= set(range(10))


def test_a_folder_s_images_are_read(tmp_path: Path) -> None:
    n = VALIDATION + 40
    images = np.random.default_rng(1).integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)
    np.savez(tmp_path / TRAIN, images=images, labels=np.arange(n, dtype=np.uint8) % 10)
    data = training_data(40, tmp_path)
    assert np.array_equal(data.train.images, images[:40].transpose(0, 3, 1, 2))
    assert data.train.labels[:3].tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="552 images, 612 are needed"):
        training_data(100, tmp_path)
