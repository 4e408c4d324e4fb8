"""A student's first weights: of all criteria, those that serve this student best before training.

[Liu2021] Liu et al., "AdaPruner: Adaptive Channel Pruning and Effective Weights Inheritance", 2021,
arXiv 2109.06397: the criterion is chosen for each network by its accuracy once the batch norms'
statistics are recomputed.

Images are few, so that the choice stays within about a tenth of a trial's training.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

import networks
from embedding import derive_seed
from networks import Edits, Space
from networks.editing import Kept
from networks.importance import CRITERIA, Criterion, Importance, at_random, importances
from networks.inheritance import choose_units, slice_weights
from workers.data import TrainingData
from workers.measuring import as_tensor
from workers.norm_statistics import recompute_statistics
from workers.precision import Precision
from workers.student import space_of
from workers.teacher import Teacher

# Of the training split: these shares, within these bounds.
STATISTICS_SHARE, STATISTICS_IMAGES = 1 / 32, (128, 512)
MEASURED_SHARE, MEASURED_IMAGES = 1 / 16, (256, 1024)
BATCH = 128
NOISE = 2.0  # standard errors by which a criterion must be better than L1
IMPORTANCE_BATCHES, IMPORTANCE_BATCH = 8, 64  # that the teacher's importances are taken on
TEACHERS_SEED = 0  # theirs: what is known of a teacher depends on no job


@dataclass(frozen=True)
class Inherited:
    """A student before its training.

    Attributes:
        module: plain float32 on the CPU, with statistics of its own.
        criterion: by which its channels were kept.
        accuracy_before_training: a fraction of the training images that it was chosen on.
    """

    module: nn.Module
    criterion: Criterion
    accuracy_before_training: float


@dataclass(frozen=True)
class Attempt:
    """One choice of channels, tried.

    Attributes:
        criteria: all that make this choice, in the order of `CRITERIA`.
        weights: of the student, by name, on the CPU.
        accuracy: of these weights, a fraction of the measured training images.
        images: how many these are.
    """

    criteria: tuple[Criterion, ...]
    weights: Mapping[str, Tensor]
    accuracy: float
    images: int


def inherited_student(
    data: TrainingData, teacher: Teacher, edits: Mapping[str, Any], seed: int
) -> Inherited:
    """Returns the student with the best of the weights that the criteria choose (`choose`).

    Args:
        data: of it only training images are looked at.
        teacher: with its importances; without, they are computed here.
        edits: JSON of what the student changes.
        seed: of the images that are looked at, and of the random criterion.

    Raises:
        NetworkError: the edits don't fit the teacher.
    """
    tried = attempts(data, teacher, edits, seed)
    taken = tried[choose([x.accuracy for x in tried], tried[0].images)]
    space = space_of(teacher)
    module = networks.build(space.student(Edits.from_json(edits)), taken.weights).eval()
    return Inherited(module, taken.criteria[0], taken.accuracy)


def choose(accuracies: Sequence[float], images: int) -> int:
    """Returns the position of the attempt to take: the most accurate, of equals the first.

    It must be clearly better than the first attempt, which is L1's. Tiny students tell little
    before their training: where all are near chance the best is so by luck, and on CIFAR-10 such
    ones ended behind L1.

    Args:
        accuracies: of the attempts.
        images: that they were measured on.
    """
    best = max(range(len(accuracies)), key=accuracies.__getitem__)
    accuracy = accuracies[best]
    noise = NOISE * math.sqrt(accuracy * (1 - accuracy) / images)
    return best if accuracy > accuracies[0] + noise else 0


def attempts(
    data: TrainingData, teacher: Teacher, edits: Mapping[str, Any], seed: int
) -> list[Attempt]:
    """Returns the choices that the criteria make, each tried once; as `inherited_student`."""
    space, parsed, tensors = space_of(teacher), Edits.from_json(edits), teacher.tensors()
    architecture = space.student(parsed)
    module = teacher.precision.place(networks.build(architecture)).eval()
    images = _ChoosingImages(data, teacher.precision, seed)
    tried = []
    for criteria, kept in _choices(space, parsed, tensors, _all_importances(data, teacher, seed)):
        networks.load(module, architecture, slice_weights(space, parsed, tensors, kept))
        recompute_statistics(module, images.for_statistics, teacher.precision)
        accuracy = images.accuracy(module)
        weights = {name: tensor.cpu() for name, tensor in networks.weights_of(module).items()}
        tried.append(Attempt(criteria, weights, accuracy, images.measured))
    return tried


def teacher_importances(data: TrainingData, teacher: Teacher) -> dict[Criterion, Importance]:
    """Returns the importances by all criteria, which all trials of a job share.

    Each trial draws that of `random` for itself.
    """
    order = _order(len(data.train), TEACHERS_SEED)[: IMPORTANCE_BATCHES * IMPORTANCE_BATCH]
    images, labels = as_tensor(data.train.images), as_tensor(data.train.labels)
    batches = [
        (data.preprocessing.apply(images[index]), labels[index])
        for index in order.split(IMPORTANCE_BATCH)
    ]
    return importances(space_of(teacher), teacher.tensors(), batches, TEACHERS_SEED)


def _all_importances(
    data: TrainingData, teacher: Teacher, seed: int
) -> Mapping[Criterion, Importance]:
    known = teacher.importances
    found = teacher_importances(data, teacher) if known is None else known
    drawn = at_random(space_of(teacher), derive_seed(seed, "random importance", 0))
    return {criterion: found[criterion] for criterion in CRITERIA} | {"random": drawn}


def _choices(
    space: Space,
    edits: Edits,
    weights: Mapping[str, Tensor],
    found: Mapping[Criterion, Importance],
) -> list[tuple[tuple[Criterion, ...], Kept]]:
    """The units that are kept, with the criteria that keep just them."""
    kept: dict[bytes, Kept] = {}
    criteria: dict[bytes, list[Criterion]] = {}
    for criterion, importance in found.items():
        chosen = choose_units(space, edits, weights, importance)
        kept.setdefault(chosen.tobytes(), chosen)
        criteria.setdefault(chosen.tobytes(), []).append(criterion)
    return [(tuple(criteria[key]), kept[key]) for key in kept]


class _ChoosingImages:
    """Training images on which the criteria are compared, the same for all of a student's.

    Attributes:
        for_statistics: inputs `b x C x H x W`, placed.
        measured: how many others accuracies are taken on.
    """

    def __init__(self, data: TrainingData, precision: Precision, seed: int) -> None:
        n = len(data.train)
        order = _order(n, derive_seed(seed, "inheritance", 0))
        some = order[: _share(n, STATISTICS_SHARE, STATISTICS_IMAGES)]
        # From the other end: others than those of the statistics, where there are enough.
        self._measured = order[-_share(n, MEASURED_SHARE, MEASURED_IMAGES) :]
        self.measured = len(self._measured)
        self._data, self._precision = data, precision
        batches = [index for index in some.split(BATCH) if len(index) > 1]
        self.for_statistics = [self._inputs(index) for index in batches]

    @torch.no_grad()
    def accuracy(self, module: nn.Module) -> float:
        """Returns the fraction of the measured images that are told; no numbers tell nothing."""
        labels = as_tensor(self._data.train.labels)
        right = 0
        for index in self._measured.split(BATCH):
            with self._precision.autocast():
                logits = module(self._inputs(index)).float().cpu()
            told = (logits.argmax(dim=1) == labels[index]) & logits.isfinite().all(dim=1)
            right += int(told.sum())
        return right / self.measured

    def _inputs(self, index: Tensor) -> Tensor:
        images = as_tensor(self._data.train.images)[index]
        return self._precision.place_images(self._data.preprocessing.apply(images))


def _order(n: int, seed: int) -> Tensor:
    return torch.randperm(n, generator=torch.Generator().manual_seed(seed))


def _share(n: int, share: float, bounds: tuple[int, int]) -> int:
    least, most = bounds
    return min(max(round(n * share), least), most)
