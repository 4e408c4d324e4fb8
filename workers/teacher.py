"""The teacher: made by name, trained on the dataset, then placed where every trial finds it.

[Liu2017] Z. Liu et al., "Learning Efficient Convolutional Networks through Network Slimming".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load as load_arrays
from safetensors.torch import save as save_tensors
from torch import Tensor, nn
from torch.nn import functional

import networks
from networks import Architecture, Traced
from networks.importance import Criterion, Importance
from workers.augmentation import shifted
from workers.batches import Batch, batch_size, is_augmented
from workers.checkpoints import Checkpoint, CheckpointFile, CheckpointPlace, owner_of
from workers.data import TrainingData
from workers.measuring import as_tensor, logits_of, measure
from workers.precision import Precision, available, choose_precision, choose_threads
from workers.preprocessing import Preprocessing
from workers.problems import UnfitNetwork
from workers.training import Recipe, Training
from workers.views import kept_logits, view_shifts

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
        logits: `views x n x classes` of the training split (`teacher_logits`); None where they
            aren't known before an image is augmented.
        importances: of its channel units by criterion (`inheriting.teacher_importances`), each
            `units + 1`; None where nobody has computed them yet.
    """

    architecture: str
    weights: Arrays
    precision: Precision
    round_to: int = 1
    logits: NDArray[np.floating] | None = None
    importances: Mapping[Criterion, Importance] | None = None

    @property
    def views(self) -> int | None:
        """How many views of the training split its logits are known of; None if of none."""
        return None if self.logits is None else len(self.logits)

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
    data: TrainingData,
    architecture: str,
    weights: Arrays,
    epochs: int,
    seed: int,
    gamma_l1: float = 0.0,
    label_smoothing: float = 0.0,
    checkpoints: CheckpointPlace | None = None,
) -> TrainedTeacher:
    """Chooses the precision and trains the teacher with cross entropy on the labels.

    From its checkpoint on, and in the precision of that, if there is one.

    Args:
        data: what it learns from.
        architecture: JSON.
        weights: its first ones.
        epochs: passes over the training split.
        seed: of everything drawn.
        gamma_l1: weight of the sum of all batch norms' |γ|, which is added to the loss [Liu2017].
        label_smoothing: share of each label's probability that all classes get.
        checkpoints: where it is kept on the way; None: nowhere.

    Raises:
        Diverged: the training ended in no numbers.
    """
    module = Teacher(architecture, weights, Precision()).module()
    file = found = None
    if checkpoints is not None:
        device, recipe = available()[0].device, checkpoints.recipe
        parts = [architecture, epochs, seed, gamma_l1, label_smoothing, device, recipe]
        file = CheckpointFile(checkpoints, owner_of(parts))
        found = file.read()
    precision = _fastest(module, data) if found is None else _kept_precision(found)
    scales = batch_norm_scales(module) if gamma_l1 else []

    def loss(logits: Tensor, batch: Batch) -> Tensor:
        smoothing = label_smoothing
        error = functional.cross_entropy(logits, batch.labels, label_smoothing=smoothing)
        return error + sum(gamma_l1 * scale.abs().sum() for scale in scales)

    training = Training(module, data, Recipe(epochs, PEAK_RATE, seed, precision), loss)
    if found is not None:
        training.load_state(found.epoch, found.tensors)
    note = {"precision": precision.to_json()}

    def keep() -> None:
        if file is not None:
            file.keep(lambda: Checkpoint(training.epoch, note, training.state()))

    plain = Precision().place(training.run(keep))
    accuracy = measure(plain, data.validation, data.preprocessing)
    return TrainedTeacher(weights_bytes(plain), accuracy, precision)


def _kept_precision(found: Checkpoint) -> Precision:
    """Returns the precision that a training was begun in, and sets its threads, if it may."""
    precision = Precision.from_json(found.note["precision"])
    threads = min(precision.teacher_threads or 1, torch.get_num_threads())
    torch.set_num_threads(threads)
    return replace(precision, teacher_threads=threads)


def batch_norm_scales(module: nn.Module) -> list[Tensor]:
    """Returns the γ of each batch norm that trains one."""
    kinds = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
    norms = [norm for norm in module.modules() if isinstance(norm, kinds)]
    return [x for norm in norms for name, x in norm.named_parameters() if name == "weight"]


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


@torch.no_grad()
def teacher_logits(
    data: TrainingData,
    teacher: Teacher,
    views: int | None,
    kept: CheckpointPlace | None = None,
) -> NDArray[np.floating] | None:
    """Returns the logits `views x n x classes` of fixed views of the training split.

    Images that are not augmented have one view, whose logits are float32 and exact. Of augmented
    ones the teacher is asked in the precision that its students train in, and its logits are kept
    as float16: finer than bfloat16, which they mostly come in.

    Args:
        data: what is learned from.
        teacher: without logits.
        views: how many (`views.view_count`); None if it shall be asked in every batch.
        kept: where the views' logits are kept (`views.kept_logits`).

    Returns:
        None without views, or if a logit is too large for float16.
    """
    if not views:
        return None
    if not is_augmented(data.train):
        exact: NDArray[np.float32] = logits_of(
            teacher.module(), data.train, data.preprocessing
        ).numpy()
        return exact[None]
    module = teacher.precision.place(teacher.module())
    found = [
        kept_logits(kept, view, partial(_view_logits, module, data, teacher.precision, view))
        for view in range(views)
    ]
    if not all(np.isfinite(logits).all() for logits in found):
        return None
    return np.stack(found)


def _view_logits(
    module: nn.Module, data: TrainingData, precision: Precision, view: int
) -> NDArray[np.float16]:
    """Returns the logits `n x classes` of one view."""
    images = as_tensor(data.train.images)
    shifts = view_shifts(view, len(images), data.train.images.shape[2:])
    logits = []
    for index in torch.arange(len(images)).split(batch_size(len(images))):
        raw = precision.move(images[index])
        batch = data.preprocessing.apply(shifted(raw, shifts[index].to(raw.device)))
        with precision.autocast():
            logits.append(module(precision.place_images(batch)).half().cpu())
    return torch.cat(logits).numpy()


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
