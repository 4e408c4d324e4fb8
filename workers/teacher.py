"""The teacher: made by name, trained on the dataset, then placed where every trial finds it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load as load_arrays
from safetensors.torch import save as save_tensors
from torch import Tensor, nn
from torch.nn import functional

import networks
from networks import Architecture, Traced
from workers.data import TrainingData
from workers.measuring import as_tensor, logits_of, measure
from workers.precision import Precision, choose_precision, choose_threads
from workers.preprocessing import Preprocessing
from workers.problems import UnfitNetwork
from workers.training import Recipe, batch_size, is_augmented, train

PEAK_RATE = 0.1  # measured: 0.05 to 0.2 differ by noise on digits, 0.1 and 0.3 on CIFAR-10
STANDARD_ERRORS = 2.0  # by which a teacher must beat guessing

Arrays = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True)
class Teacher:
    """A trained teacher as trials get it: NumPy arrays, which Ray shares between processes.

    Attributes:
        architecture: JSON.
        weights: by name.
        precision: number type and layout of every training of the job.
        round_to: the widths of its students are multiples of this.
        logits: float32 `n x classes` of the training split; None where images are augmented.
    """

    architecture: str
    weights: Arrays
    precision: Precision
    round_to: int = 1
    logits: NDArray[np.float32] | None = None

    def module(self) -> nn.Module:
        """Returns the network in eval mode, contiguous and on the CPU."""
        return networks.build(Architecture.from_json(self.architecture), self.tensors()).eval()

    def tensors(self) -> dict[str, Tensor]:
        """Returns the weights as tensors on the same, maybe read-only, memory."""
        return {name: as_tensor(array) for name, array in self.weights.items()}


@dataclass(frozen=True)
class TrainedTeacher:
    """A teacher's safetensors, its accuracy on validation, and the precision chosen."""

    weights: bytes
    accuracy: float
    precision: Precision


def size_for(network: str, source_size: tuple[int, int]) -> tuple[int, int]:
    """Returns the height and width (pixels) in which the network gets images of `source_size`.

    As they are where it takes them; else square, and as small as it takes them.

    Raises:
        UnfitNetwork: there is no such network.
    """
    try:
        if networks.input_size(network, min(source_size)) == min(source_size):
            return source_size
        size = networks.input_size(network, max(source_size))
    except networks.NetworkError as error:
        raise UnfitNetwork.because(str(error)) from error
    return size, size


def untrained_teacher(
    network: str, classes: int, preprocessing: Preprocessing, seed: int
) -> Traced:
    """Returns the named network for these images and classes, with its random first weights.

    Raises:
        UnfitNetwork: there is no such network, or it doesn't take such images.
    """
    torch.manual_seed(seed)
    channels = len(preprocessing.mean)
    example = torch.zeros(1, channels, *preprocessing.size)
    try:
        traced = networks.trace(networks.network(network, classes, channels), example)
    except networks.NetworkError as error:
        raise UnfitNetwork.because(f"{network}: {error}") from error
    if traced.architecture.output_shape != (classes,):
        shape = traced.architecture.output_shape
        detail = f"{network} gives {shape} for an image, but the dataset has {classes} classes"
        raise UnfitNetwork.because(detail)
    return traced


def train_teacher(
    data: TrainingData, architecture: str, weights: Arrays, epochs: int, seed: int
) -> TrainedTeacher:
    """Chooses the precision and trains the teacher with cross entropy on the labels.

    Raises:
        Diverged: the training ended in no numbers.
    """
    module = Teacher(architecture, weights, Precision()).module()
    precision = _fastest(module, data)
    labels = as_tensor(data.train.labels)
    train(
        module,
        data,
        Recipe(epochs, PEAK_RATE, seed, precision),
        lambda _, logits, index: functional.cross_entropy(logits, labels[index].to(logits.device)),
    )
    plain = Precision().place(module)
    accuracy = measure(plain, data.validation, data.preprocessing)
    return TrainedTeacher(weights_bytes(plain), accuracy, precision)


def examine_teacher(
    data: TrainingData, architecture: str, weights: Arrays
) -> tuple[float, Precision]:
    """Returns the teacher's accuracy on validation as it is, and the precision for its students."""
    module = Teacher(architecture, weights, Precision()).module()
    accuracy = measure(module, data.validation, data.preprocessing)
    return accuracy, _fastest(module, data)


def _fastest(module: nn.Module, data: TrainingData) -> Precision:
    """Returns the precision and threads that train the module fastest, and sets these threads."""
    few = as_tensor(data.train.images[: batch_size(len(data.train))])
    batch, most = data.preprocessing.apply(few), torch.get_num_threads()
    torch.set_num_threads(1)
    precision = choose_precision(module, batch)
    threads = choose_threads(module, batch, precision, most)
    torch.set_num_threads(threads)
    return replace(precision, teacher_threads=threads)


def teacher_logits(data: TrainingData, teacher: Teacher) -> NDArray[np.float32] | None:
    """Returns the logits `n x classes` of the training split; None if images are augmented."""
    if is_augmented(data.train):
        return None
    logits: NDArray[np.float32] = logits_of(
        teacher.module(), data.train, data.preprocessing
    ).numpy()
    return logits


def guessing_accuracy(labels: NDArray[np.int64]) -> float:
    """Returns what guessing the commonest class hardly exceeds: its share + two standard errors."""
    share = np.bincount(labels).max() / len(labels)
    return float(share + STANDARD_ERRORS * math.sqrt(share * (1 - share) / len(labels)))


def weights_bytes(module: nn.Module) -> bytes:
    """Returns the module's weights as safetensors."""
    return save_tensors({k: v.contiguous() for k, v in networks.weights_of(module).items()})


def weights_arrays(data: bytes) -> Arrays:
    """Returns the arrays of safetensors."""
    arrays: Arrays = load_arrays(data)
    return arrays
