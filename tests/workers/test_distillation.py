from dataclasses import replace

import pytest
import torch

from tests.workers.trained import Trained
from workers.distillation import Distillation, distillation_loss
from workers.losses import logits_mse, softened_kl
from workers.measuring import as_tensor

MSE = Distillation("mse", 4.0)


@pytest.mark.parametrize(
    ("distillation", "expected"),
    [(MSE, logits_mse), (Distillation("kl", 3.0), lambda s, t: softened_kl(s, t, 3.0))],
)
def test_the_loss_is_against_the_teacher_s_logits_of_the_batch(
    distillation: Distillation, expected: object, trained: Trained
) -> None:
    index = torch.tensor([4, 0, 9])
    x = trained.data.preprocessing.apply(as_tensor(trained.data.train.images)[index])
    logits = torch.randn(3, 2)
    with torch.no_grad():
        target = trained.teacher.module()(x)
    known = distillation_loss(trained.teacher, distillation)(x, logits, index)
    computed = distillation_loss(replace(trained.teacher, logits=None), distillation)
    assert callable(expected)
    torch.testing.assert_close(known, expected(logits, target))
    torch.testing.assert_close(computed(x, logits, index), expected(logits, target))
