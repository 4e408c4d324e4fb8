"""What a student is trained towards: its teacher's logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from workers.losses import logits_mse, softened_kl
from workers.measuring import as_tensor
from workers.teacher import Teacher
from workers.training import BatchLoss


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
