from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmarks.train.loops import PlainImages, bare_loop, plain_loop, trial_loop
from benchmarks.train.subjects import Subject, space_of, training_data
from workers.data import TrainingData
from workers.precision import Precision
from workers.teacher import Teacher, teacher_logits


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return training_data(40, None)  # one batch of 32


@pytest.fixture(scope="module")
def subject(data: TrainingData) -> Subject:
    space, weights = space_of("zoo/resnet20")
    arrays = {name: tensor.numpy() for name, tensor in weights.items()}
    teacher = Teacher(space.architecture.to_json(), arrays, Precision(), 8)
    teacher = replace(teacher, logits=teacher_logits(data, teacher, 1))
    edits = space.edits(space.smallest())[0]
    return Subject("smallest", teacher, edits, 0.0, 0.0)


def test_each_loop_says_how_many_images_it_saw(data: TrainingData, subject: Subject) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        assert bare_loop(subject, data, Precision(), 3)() == 96
        assert trial_loop(subject, data, 2)() == 32
        assert plain_loop(subject, data, 2)() == 64
    finally:
        torch.set_num_threads(threads)


def test_plain_images_are_the_same_images(data: TrainingData) -> None:
    torch.manual_seed(0)
    images = PlainImages(data.train, data.preprocessing)
    assert len(images) == 40
    raw = data.preprocessing.apply(torch.from_numpy(data.train.images))
    found, label = images[3]
    assert label == data.train.labels[3]
    assert found.shape == (3, 32, 32)
    inner = found[:, 4:-4, 4:-4]  # whatever the shift, these pixels are the image's own
    windows = raw[3].unfold(1, 24, 1).unfold(2, 24, 1).permute(1, 2, 0, 3, 4)
    both = torch.cat([windows.flatten(0, 1), windows.flip(4).flatten(0, 1)])
    assert np.isclose((both - inner).abs().amax(dim=(1, 2, 3)).min().item(), 0.0, atol=1e-5)
