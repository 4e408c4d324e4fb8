import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from tests.workers.samples import small_network
from workers.data import TrainingData
from workers.measuring import (
    BATCH_PIXELS,
    LEAST_BATCH,
    accuracy_of,
    as_tensor,
    batched_logits,
    logits_of,
    measure,
)
from workers.splits import Indices


def test_a_read_only_array_is_shared_without_a_warning() -> None:
    array = np.arange(4)
    array.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tensor = as_tensor(array)
    assert tensor.data_ptr() == array.ctypes.data


def test_accuracy_is_the_share_of_right_answers() -> None:
    logits = torch.tensor([[2.0, 1.0], [0.0, 1.0], [3.0, 1.0]])
    assert accuracy_of(logits, torch.tensor([0, 1, 1])) == pytest.approx(2 / 3)


def test_logits_are_those_of_eval_mode_and_the_mode_stays(data: TrainingData) -> None:
    module = small_network().train()
    logits = logits_of(module, data.validation, data.preprocessing)
    assert module.training
    module.eval()
    expected = module(data.preprocessing.apply(as_tensor(data.validation.images)))
    torch.testing.assert_close(logits, expected)


def test_all_images_of_several_batches_are_measured(data: TrainingData) -> None:
    n = BATCH_PIXELS // 1024 + 3
    rows: Indices = np.arange(n) % len(data.validation)
    many = type(data.validation)(data.validation.images[rows], data.validation.labels[rows])
    assert logits_of(small_network(), many, data.preprocessing).shape == (n, 2)


def test_large_images_are_measured_a_few_at_once(data: TrainingData) -> None:
    large = replace(data.preprocessing, size=(256, 256))
    seen: list[int] = []

    def forward(images: torch.Tensor) -> torch.Tensor:
        seen.append(len(images))
        return images.mean((2, 3))

    few = type(data.validation)(data.validation.images[:20], data.validation.labels[:20])
    assert batched_logits(forward, few, large).shape[0] == 20
    assert seen == [LEAST_BATCH, 4]


def test_measure_of_a_network_that_always_says_one(data: TrainingData) -> None:
    linear = nn.Linear(64, 2)
    with torch.no_grad():
        linear.weight.zero_()
        linear.bias.copy_(torch.tensor([0.0, 1.0]))
    network = nn.Sequential(nn.Flatten(), linear)
    expected = (data.validation.labels == 1).mean()
    assert measure(network, data.validation, data.preprocessing) == pytest.approx(expected)
