"""One trial: a student is built, inherits the teacher's weights, is distilled and measured."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workers.data import TrainingData
from workers.distillation import Distillation, distillation_loss
from workers.measuring import measure
from workers.precision import Precision
from workers.student import student_module
from workers.teacher import Teacher, weights_bytes
from workers.training import Recipe, train

# Peak rates. In a few epochs inherited weights suffer from more than the first (measured on digits
# and CIFAR-10: 0.1 costs a mean of 1 to 2 points); a long training gains from the second (digits).
SEARCH_RATE = 0.03
FINAL_RATE = 0.1


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
