import math

import pytest
import torch

from workers.losses import logits_mse, softened_kl

STUDENT = torch.tensor([[1.0, 2.0], [0.0, -1.0]])
TEACHER = torch.tensor([[3.0, 2.0], [0.5, -1.5]])


def test_mse_is_the_mean_over_images_and_classes() -> None:
    assert logits_mse(STUDENT, TEACHER).item() == pytest.approx((4 + 0 + 0.25 + 0.25) / 4)


def _kl_by_hand(temperature: float) -> float:
    total = 0.0
    for s, t in zip(STUDENT.tolist(), TEACHER.tolist(), strict=True):
        p, q = ([math.exp(x / temperature) for x in row] for row in (t, s))
        p, q = ([x / sum(row) for x in row] for row in (p, q))
        total += sum(a * math.log(a / b) for a, b in zip(p, q, strict=True))
    return temperature**2 * total / 2


@pytest.mark.parametrize("temperature", [1.0, 2.5, 4.0])
def test_kl_has_the_factor_of_squared_temperature(temperature: float) -> None:
    loss = softened_kl(STUDENT, TEACHER, temperature)
    assert loss.item() == pytest.approx(_kl_by_hand(temperature), rel=1e-5)


def test_kl_of_equals_is_zero_which_cross_entropy_is_not() -> None:
    assert softened_kl(TEACHER, TEACHER + 5.0, 3.0).item() == pytest.approx(0.0, abs=1e-6)


def test_the_gradient_keeps_its_size_when_the_temperature_grows() -> None:
    norms = []
    for temperature in (10.0, 20.0):
        student = STUDENT.clone().requires_grad_()
        softened_kl(student, TEACHER, temperature).backward()
        assert student.grad is not None
        norms.append(student.grad.norm().item())
    assert norms[1] == pytest.approx(norms[0], rel=0.1)
