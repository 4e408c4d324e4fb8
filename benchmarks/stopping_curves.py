"""Learning curves of random students on CIFAR-10, recorded once: what policies are replayed on."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.cifar_images import TRAIN, cifar_images
from embedding import score
from networks import Architecture, Space
from workers.data import IMAGE_SCALE, Labelled, TrainingData
from workers.distillation import Distillation
from workers.preprocessing import Preprocessing
from workers.teacher import (
    Teacher,
    examine_teacher,
    train_teacher,
    untrained_teacher,
    weights_arrays,
)
from workers.trial import TrialSpec, run_trial

NETWORK = "zoo/resnet20"
CLASSES = 10
ROUND_TO = 8  # a job's default
MSE = Distillation("mse", 4.0)


@dataclass(frozen=True)
class Setting:
    """What is recorded: images to train on and to validate by, students, and epochs."""

    train: int
    validation: int
    students: int
    epochs: int
    teacher_epochs: int


@dataclass(frozen=True)
class Recorded:
    """One student's training.

    Attributes:
        number: of the student.
        worth: its score at an accuracy of 1; a score is this times the accuracy.
        curve: accuracy on validation after each epoch.
        cpu_s: seconds of the processor that the training took, measuring included.
    """

    number: int
    worth: float
    curve: tuple[float, ...]
    cpu_s: float


def record(cifar: Path, setting: Setting, log: Path) -> Iterator[Recorded]:
    """Yields all students of the log, and trains and notes those that it doesn't have.

    Raises:
        ValueError: the log is of another setting.
    """
    lines = log.read_text().splitlines() if log.exists() else []
    if lines and json.loads(lines[0]) != asdict(setting):
        raise ValueError(f"{log} is of another setting: {lines[0]}")
    known = [_read(line) for line in lines[1:]]
    yield from known
    if len(known) == setting.students:
        return
    data = _data(cifar, setting)
    teacher, accuracy = _teacher(data, setting, log.with_suffix(".teacher.safetensors"))
    space = Space(Architecture.from_json(teacher.architecture), ROUND_TO)
    drawn = space.sample(setting.students, torch.Generator().manual_seed(0))
    most = int(space.costs(space.teacher()).params)
    with log.open("a") as file:
        if not lines:
            file.write(json.dumps(asdict(setting)) + "\n")
        for number in range(len(known), setting.students):
            candidate = drawn[number : number + 1]
            worth = score(int(space.costs(candidate).params), 1.0, most, accuracy)
            began = time.process_time()
            (edits,) = space.edits(candidate)
            spec = TrialSpec(edits.to_json(), setting.epochs, number, MSE)
            curve = run_trial(data, teacher, spec).curve
            recorded = Recorded(number, worth, curve, time.process_time() - began)
            file.write(json.dumps(asdict(recorded)) + "\n")
            file.flush()
            yield recorded


def _read(line: str) -> Recorded:
    found = json.loads(line)
    return Recorded(found["number"], found["worth"], tuple(found["curve"]), found["cpu_s"])


def _data(cifar: Path, setting: Setting) -> TrainingData:
    images, labels = cifar_images(cifar / TRAIN)
    order = np.random.default_rng(0).permutation(len(labels))
    train, rest = order[: setting.train], order[setting.train :][: setting.validation]
    return TrainingData(
        Labelled(images[train], labels[train]),
        Labelled(images[rest], labels[rest]),
        Preprocessing.of(images[train], IMAGE_SCALE, (32, 32)),
    )


def _teacher(data: TrainingData, setting: Setting, path: Path) -> tuple[Teacher, float]:
    """Returns the teacher and its accuracy on validation, trained unless the file has it."""
    traced = untrained_teacher(NETWORK, CLASSES, data.preprocessing, 0)
    architecture = traced.architecture.to_json()
    if not path.exists():
        arrays = {name: tensor.numpy() for name, tensor in traced.weights.items()}
        trained = train_teacher(data, architecture, arrays, setting.teacher_epochs, 0)
        path.write_bytes(trained.weights)
    weights = weights_arrays(path.read_bytes())
    accuracy, precision = examine_teacher(data, architecture, weights)
    return Teacher(architecture, weights, precision, ROUND_TO), accuracy
