from __future__ import annotations

import math

import pytest
import torch

from benchmarks.search.peers.esnac2019 import column_tokens
from benchmarks.search.peers.esnac_kernel import NOISE, EsnacKernel, leave_one_out
from tests.benchmarks.made_up_table import made_up_table


def test_the_closed_form_is_what_leaving_out_one_by_one_gives() -> None:
    draws = torch.Generator().manual_seed(0)
    factor = torch.randn(6, 6, generator=draws).double()
    covariance, y = factor @ factor.T + 0.1 * torch.eye(6), torch.randn(6, generator=draws).double()
    total = 0.0
    for left_out in range(6):
        rest = [x for x in range(6) if x != left_out]
        cross = covariance[left_out, rest]
        inverse = torch.linalg.inv(covariance[rest][:, rest])
        mean = cross @ inverse @ y[rest]
        variance = covariance[left_out, left_out] - cross @ inverse @ cross
        normal = torch.distributions.Normal(mean, variance.sqrt())
        total += normal.log_prob(y[left_out]).item()
    assert leave_one_out(covariance, y).item() == pytest.approx(total / 6)


def test_a_kernel_of_the_teacher_alone_wants_what_is_far_from_it() -> None:
    tokens = column_tokens(made_up_table())
    kernel = EsnacKernel(tokens(torch.tensor([23])), torch.zeros(1), best=0.0, seed=0)
    near, far = kernel.expected_improvement(tokens(torch.tensor([23, 0]))).tolist()
    # At the record itself: variance 1 - 1 / (1 + β), and β for the noise of its outcome.
    variance = 1 - 1 / (1 + NOISE) + NOISE
    assert near == pytest.approx(math.sqrt(variance / (2 * math.pi)), rel=1e-4)
    assert far > near


def test_training_raises_the_likelihood_of_the_records() -> None:
    table = made_up_table()
    tokens = column_tokens(table)
    rows = torch.arange(0, 23, 2)
    values = table.mean_accuracy[rows]
    kernel = EsnacKernel(tokens(rows), values, float(values.max()), seed=0)
    improvement = kernel.expected_improvement(tokens(torch.arange(23)))
    assert torch.isfinite(improvement).all()
    assert (improvement > 0).all()
