"""What a student is trained towards: its teacher's logits, and the labels if they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from app.requests import TrainingRequest
from workers.batches import Batch
from workers.losses import logits_mse, softened_kl
from workers.measuring import as_tensor
from workers.teacher import Teacher
from workers.training import BatchLoss


@dataclass(frozen=True)
class Distillation:
    """How a student is taught.

    Attributes:
        loss: against the teacher's logits, as they are or softened.
        temperature: of `kl`.
        hard_labels: share of the cross entropy with the labels in the loss, from 0 to 1.
        label_smoothing: of these labels: the share of their probability that all classes get.
        ema: decay a step of the average of the student's weights; 0: its last weights stay.
    """

    loss: Literal["mse", "kl"]
    temperature: float
    hard_labels: float = 0.0
    label_smoothing: float = 0.0
    ema: float = 0.0

    @classmethod
    def of(cls, training: TrainingRequest) -> Distillation:
        """Returns what a job's request asks for."""
        return cls(
            loss=training.loss,
            temperature=training.temperature,
            hard_labels=training.hard_labels,
            label_smoothing=training.label_smoothing,
            ema=training.ema,
        )

    def __call__(self, student: Tensor, teacher: Tensor, labels: Tensor) -> Tensor:
        """Returns the loss (a scalar) of logits `b x classes`, for labels int64 `b`."""
        if self.loss == "mse":
            soft = logits_mse(student, teacher)
        else:
            soft = softened_kl(student, teacher, self.temperature)
        if not self.hard_labels:
            return soft
        hard = functional.cross_entropy(student, labels, label_smoothing=self.label_smoothing)
        return torch.lerp(soft, hard, self.hard_labels)


def distillation_loss(teacher: Teacher, distillation: Distillation) -> BatchLoss:
    """Returns the loss against the teacher's logits: looked up by view, or computed if unknown."""
    if teacher.logits is not None:
        return _known(as_tensor(teacher.logits), teacher, distillation)
    module = teacher.precision.place(teacher.module())

    def loss(logits: Tensor, batch: Batch) -> Tensor:
        with torch.no_grad(), teacher.precision.autocast():
            target = module(batch.images)
        return distillation(logits, target.float(), batch.labels)

    return loss


def _known(known: Tensor, teacher: Teacher, distillation: Distillation) -> BatchLoss:
    """Returns the loss against logits `views x n x classes`."""

    def loss(logits: Tensor, batch: Batch) -> Tensor:
        if batch.view is None:
            raise ValueError("the teacher's logits are of fixed views, and these images of none")
        target = teacher.precision.move(known[batch.view][batch.index]).float()
        return distillation(logits, target, batch.labels)

    return loss
