"""What is compared: CIFAR-10, a trained ResNet-20, and its students of some sizes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.cifar_images import TEST, TRAIN, cifar_images
from embedding import derive_seed
from embedding.seeds import generator
from networks import Architecture, Edits, Space
from workers.data import IMAGE_SCALE, Dataset, Labelled, TrainingData
from workers.inheriting import teacher_importances
from workers.precision import available
from workers.preprocessing import Preprocessing
from workers.recipe_hash import weights_hash
from workers.teacher import Teacher, train_teacher, untrained_teacher, weights_arrays

NETWORK = "zoo/resnet20"
CLASSES, SIZE = 10, 32
DRAWN = 4096  # candidates, of which those nearest to a ratio are taken


@dataclass(frozen=True)
class Subject:
    """What all rows of one comparison share.

    Attributes:
        data: what students are distilled and measured on.
        teacher: with its importances.
        setting: hash of all that a row's accuracies depend on beside its key.
    """

    data: TrainingData
    teacher: Teacher
    space: Space
    setting: str


def cifar_dataset(folder: Path, images: int = 0) -> Dataset:
    """Returns CIFAR-10 with its test split, of so many random training images; 0: of all.

    Raises:
        FileNotFoundError: the folder has not both files.
    """
    (train, labels), test = cifar_images(folder / TRAIN), cifar_images(folder / TEST)
    if images:
        rows = np.sort(np.random.default_rng(0).permutation(len(labels))[:images])
        train, labels = train[rows], labels[rows]
    whole, of_whole = np.concatenate([train, test[0]]), np.concatenate([labels, test[1]])
    classes = tuple(str(number) for number in range(CLASSES))
    return Dataset("CIFAR-10", whole, of_whole, len(test[1]), classes, IMAGE_SCALE)


def job_data(dataset: Dataset) -> TrainingData:
    """Returns the training and validation splits as a job would make them."""
    splits = dataset.splits
    preprocessing = Preprocessing.of(dataset.images[splits.train], IMAGE_SCALE, (SIZE, SIZE))
    return dataset.training_data(splits, preprocessing)


def load_cifar(folder: Path) -> TrainingData:
    """Returns CIFAR-10's training and validation splits, as a job would make them.

    Raises:
        FileNotFoundError: the folder has not both files.
    """
    return job_data(cifar_dataset(folder))


@dataclass(frozen=True)
class Sizes:
    """How much is done.

    Attributes:
        teacher_epochs: if the teacher is trained.
        epochs: of distillation.
        images: that students are distilled on; 0 for all.
        measured: validation images that accuracies are taken on; 0 for all.
        gamma_l1: on the scales of the teacher's batch norms, if it is trained.
    """

    teacher_epochs: int
    epochs: int
    images: int = 0
    measured: int = 0
    gamma_l1: float = 0.0


def make_subject(data: TrainingData, file: Path, sizes: Sizes) -> Subject:
    """Returns the comparison with the teacher in `file`, trained on `data` if it isn't there."""
    architecture = make_teacher(data, file, sizes.teacher_epochs, sizes.gamma_l1)
    train, validation = _some(data.train, sizes.images), _some(data.validation, sizes.measured)
    part = replace(data, train=train, validation=validation)
    # What is the fastest on an idle machine; timing it anew could give another one each time.
    teacher = Teacher(architecture, weights_arrays(file.read_bytes()), available()[-1])
    known = replace(teacher, importances=teacher_importances(part, teacher))
    shared = [weights_hash(teacher.weights), len(train), len(validation), sizes.epochs]
    setting = hashlib.sha256(repr([*shared, teacher.precision.name]).encode()).hexdigest()[:12]
    return Subject(part, known, Space(Architecture.from_json(architecture)), setting)


def make_teacher(data: TrainingData, file: Path, epochs: int, gamma_l1: float) -> str:
    """Trains the teacher into a file of safetensors if there is none; returns its architecture.

    Args:
        data: what it learns from.
        file: of its weights.
        epochs: of its training.
        gamma_l1: on the scales of its batch norms.
    """
    traced = untrained_teacher(NETWORK, CLASSES, data.preprocessing, 0)
    architecture = traced.architecture.to_json()
    if not file.exists():
        first = {name: tensor.numpy() for name, tensor in traced.weights.items()}
        seed = derive_seed(0, "train", 0)
        trained = train_teacher(data, architecture, first, epochs, seed, gamma_l1)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(trained.weights)
    return architecture


def _some(part: Labelled, n: int) -> Labelled:
    """Returns `n` random ones, or all."""
    if n == 0:
        return part
    order = torch.randperm(len(part), generator=generator(0, "subset", 0))[:n].numpy()
    return Labelled(part.images[order], part.labels[order])


def students(space: Space, ratio: float, n: int) -> list[Edits]:
    """Returns `n` different random candidates, those with the MACs nearest to the ratio."""
    drawn = space.sample(DRAWN, generator(0, "benchmark", 0))
    distinct = {key: row for row, key in enumerate(space.keys(drawn))}
    rows = torch.tensor(sorted(distinct.values()))
    share = space.costs(drawn[rows]).macs / space.costs(space.teacher()).macs
    nearest = rows[(share - ratio).abs().argsort(stable=True)[:n]]
    # Smaller and larger ones by turns of chance, so that a benchmark that is cut has both.
    mixed = nearest[torch.randperm(len(nearest), generator=generator(0, "order", 0))]
    return space.edits(drawn[mixed])
