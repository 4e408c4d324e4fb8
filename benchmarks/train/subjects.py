"""What is trained: images of CIFAR-10's shape, a teacher, and students of two sizes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmarks.cifar_images import TRAIN, cifar_images
from embedding.seeds import generator
from networks import Edits, Space, network, trace
from workers.data import IMAGE_SCALE, Labelled, TrainingData
from workers.preprocessing import Preprocessing
from workers.student import student_module
from workers.teacher import Teacher

CLASSES, SIZE = 10, 32
VALIDATION = 512
ROUND_TO = 8
SMALL_SHARE = 0.2  # of the teacher's parameters, about
DRAWN = 1024  # students, of which the nearest to that share is the small one


@dataclass(frozen=True)
class Subject:
    """A student to train.

    Attributes:
        name: of the student.
        params_ratio: its parameters as a share of the teacher's.
        macs_ratio: likewise.
    """

    name: str
    teacher: Teacher
    edits: Edits
    params_ratio: float
    macs_ratio: float

    def module(self) -> nn.Module:
        """Returns the student as a trial starts with it, float32, contiguous."""
        return student_module(self.teacher, self.edits.to_json(), None)


def training_data(n: int, cifar: Path | None) -> TrainingData:
    """Returns `n` images to train on: of CIFAR-10 in the folder, or drawn at random.

    Raises:
        ValueError: the folder has fewer images.
    """
    images, labels = _drawn(n + VALIDATION) if cifar is None else _stored(n + VALIDATION, cifar)
    preprocessing = Preprocessing.of(images[:n], IMAGE_SCALE, (SIZE, SIZE))
    train, rest = Labelled(images[:n], labels[:n]), Labelled(images[n:], labels[n:])
    return TrainingData(train, rest, preprocessing)


def _drawn(n: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Returns images `n x C x H x W` and labels `n`."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (n, 3, SIZE, SIZE), dtype=np.uint8)
    return images, random.integers(0, CLASSES, n)


def _stored(n: int, folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Returns the first of CIFAR-10's, likewise."""
    images, labels = cifar_images(folder / TRAIN)
    if len(images) < n:
        raise ValueError(f"{folder / TRAIN} has {len(images)} images, {n} are needed")
    return images[:n], labels[:n]


def subjects(teacher: Teacher, space: Space) -> list[Subject]:
    """Returns a student as large as its teacher and one of about a fifth of its parameters."""
    drawn = space.sample(DRAWN, generator(0, "benchmark", 0))
    whole = space.costs(space.teacher())
    share = space.costs(drawn).params.double() / whole.params
    row = int((share - SMALL_SHARE).abs().argmin())
    named = {"as the teacher": space.teacher(), "a fifth of it": drawn[row : row + 1]}
    return [
        Subject(
            name,
            teacher,
            space.edits(candidate)[0],
            float(space.costs(candidate).params / whole.params),
            float(space.costs(candidate).macs / whole.macs),
        )
        for name, candidate in named.items()
    ]


def space_of(name: str) -> tuple[Space, dict[str, Tensor]]:
    """Returns the space of a named network's students, and the network's first weights."""
    torch.manual_seed(0)
    traced = trace(network(name, CLASSES, 3), torch.zeros(1, 3, SIZE, SIZE))
    return Space(traced.architecture, ROUND_TO), traced.weights
