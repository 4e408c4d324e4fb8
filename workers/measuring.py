"""Accuracy and logits, in float32, on images that a network wasn't trained on."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from workers.data import Labelled
from workers.preprocessing import Preprocessing

BATCH_PIXELS = 512 * 32 * 32  # of the images of a batch: their number goes down with their size
LEAST_BATCH = 16


def as_tensor(array: NDArray[np.generic]) -> Tensor:
    """Returns a tensor on the array's memory: maybe Ray's object store, so only read it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(array)


@torch.no_grad()
def batched_logits(
    forward: Callable[[Tensor], Tensor],
    data: Labelled,
    preprocessing: Preprocessing,
    device: torch.device | str = "cpu",
) -> Tensor:
    """Returns float32 logits `n x classes`, on the CPU, of all images, computed in batches."""
    height, width = preprocessing.size
    batch_size = max(BATCH_PIXELS // max(height * width, 32 * 32), LEAST_BATCH)
    batches = as_tensor(data.images).split(batch_size)
    logits = [forward(preprocessing.apply(batch.to(device))).float().cpu() for batch in batches]
    return torch.cat(logits)


def logits_of(module: nn.Module, data: Labelled, preprocessing: Preprocessing) -> Tensor:
    """Returns the logits `n x classes` in eval mode; the module keeps the mode it came in."""
    was_training = module.training
    module.eval()
    device = next(module.parameters()).device
    logits = batched_logits(module, data, preprocessing, device)
    module.train(was_training)
    return logits


def accuracy_of(logits: Tensor, labels: Tensor) -> float:
    """Returns the fraction of `n x classes` logits whose largest is at the label (`n`)."""
    return (logits.argmax(dim=1) == labels).double().mean().item()


def measure(module: nn.Module, data: Labelled, preprocessing: Preprocessing) -> float:
    """Returns the module's accuracy, from 0 to 1, in float32 and eval mode."""
    return accuracy_of(logits_of(module, data, preprocessing), as_tensor(data.labels))
