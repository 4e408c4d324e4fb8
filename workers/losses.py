"""What a student is trained towards.

[Ba2014] Ba and Caruana, "Do Deep Nets Really Need to be Deep?": squared error on logits.
[Hinton2015] Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network".
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def logits_mse(student: Tensor, teacher: Tensor) -> Tensor:
    """Returns the mean squared difference of the logits `n x classes` [Ba2014]: a scalar."""
    return functional.mse_loss(student, teacher)


def softened_kl(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """Returns T² KL(teacher softened by T || student softened by T), a scalar [Hinton2015].

    The mean over the batch. The factor T² keeps the gradient's size when T changes.

    Args:
        student: logits `n x classes`.
        teacher: logits `n x classes`.
        temperature: T > 0.
    """
    student_log = functional.log_softmax(student / temperature, dim=1)
    teacher_log = functional.log_softmax(teacher / temperature, dim=1)
    divergence = functional.kl_div(student_log, teacher_log, reduction="batchmean", log_target=True)
    return temperature**2 * divergence
