"""One trial: a student is built, inherits the teacher's weights, is distilled and measured."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import torch
from torch import Tensor, nn

import networks
from networks import Architecture, Edits, Space
from workers.data import TrainingData
from workers.losses import logits_mse, softened_kl
from workers.measuring import as_tensor, measure
from workers.precision import Precision
from workers.teacher import Teacher, weights_arrays, weights_bytes
from workers.training import BatchLoss, Recipe, train

# Peak rates. In a few epochs inherited weights suffer from more than the first (measured on digits
# and CIFAR-10: 0.1 costs a mean of 1 to 2 points); a long training gains from the second (digits).
SEARCH_RATE = 0.03
FINAL_RATE = 0.1


@dataclass(frozen=True)
class Distillation:
    """What a student learns: its teacher's logits, as they are or softened."""

    loss: Literal["mse", "kl"]
    temperature: float

    def __call__(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Returns the loss (a scalar) of logits `b x classes`."""
        if self.loss == "mse":
            return logits_mse(student, teacher)
        return softened_kl(student, teacher, self.temperature)


@dataclass(frozen=True)
class TrialSpec:
    """What is to be trained, and how long.

    Attributes:
        edits: JSON of the edits that make the student.
        epochs: passes over the training split.
        seed: of everything drawn.
        distillation: the loss.
        weights: safetensors to go on from; None inherits from the teacher.
    """

    edits: Mapping[str, Any]
    epochs: int
    seed: int
    distillation: Distillation
    weights: bytes | None = None


@dataclass(frozen=True)
class TrialOutcome:
    """A trained student: safetensors, and its accuracy on validation in float32."""

    weights: bytes
    accuracy: float
    epochs: int
    duration_s: float


def run_trial(data: TrainingData, teacher: Teacher, spec: TrialSpec) -> TrialOutcome:
    """Trains and measures one student.

    One that is trained on from weights keeps them where training made it no more accurate.

    Raises:
        Diverged: its training ended in no numbers.
        NetworkError: the edits don't fit the teacher.
    """
    start = time.monotonic()
    module = student_module(teacher, spec.edits, spec.weights)
    rate = SEARCH_RATE if spec.weights is None else FINAL_RATE
    before = measure(module, data.validation, data.preprocessing) if spec.weights else 0.0
    recipe = Recipe(spec.epochs, rate, spec.seed, teacher.precision)
    train(module, data, recipe, distillation_loss(teacher, spec.distillation))
    plain = Precision().place(module)
    accuracy = measure(plain, data.validation, data.preprocessing)
    duration_s = time.monotonic() - start
    if spec.weights is not None and accuracy < before:
        return TrialOutcome(spec.weights, before, spec.epochs, duration_s)
    return TrialOutcome(weights_bytes(plain), accuracy, spec.epochs, duration_s)


def student_architecture(teacher: Teacher, edits: Mapping[str, Any]) -> Architecture:
    """Returns the architecture that the edits make of the teacher's."""
    space = _space(teacher.architecture, teacher.round_to)
    return space.student(Edits.from_json(edits))


def student_module(teacher: Teacher, edits: Mapping[str, Any], weights: bytes | None) -> nn.Module:
    """Returns the student that the edits make, with these safetensors or inherited weights."""
    space = _space(teacher.architecture, teacher.round_to)
    parsed = Edits.from_json(edits)
    if weights is None:
        tensors = networks.inherit(space, parsed, teacher.tensors())
    else:
        tensors = {name: as_tensor(array) for name, array in weights_arrays(weights).items()}
    return networks.build(space.student(parsed), tensors)


@lru_cache(maxsize=1)
def _space(architecture: str, round_to: int) -> Space:
    """Returns the space of a teacher's students; a worker process mostly serves one job."""
    return Space(Architecture.from_json(architecture), round_to)


def distillation_loss(teacher: Teacher, distillation: Distillation) -> BatchLoss:
    """Returns the loss against the teacher's logits: looked up, or computed if augmented."""
    if teacher.logits is not None:
        known = as_tensor(teacher.logits)
        return lambda _, logits, index: distillation(logits, known[index].to(logits.device))
    module = teacher.precision.place(teacher.module())

    def loss(images: Tensor, logits: Tensor, _: Tensor) -> Tensor:
        with torch.no_grad(), teacher.precision.autocast():
            target = module(images)
        return distillation(logits, target.float())

    return loss
