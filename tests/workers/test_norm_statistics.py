from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.workers.samples import small_network
from workers.norm_statistics import batch_norms, recompute_statistics
from workers.precision import Precision

PLAIN = Precision()


def _batches(n: int, size: int = 16) -> list[torch.Tensor]:
    draws = torch.Generator().manual_seed(0)
    return [3 + 2 * torch.randn(size, 1, 8, 8, generator=draws) for _ in range(n)]


def test_the_statistics_are_the_averages_over_the_batches() -> None:
    module = small_network()
    batches = _batches(3)
    recompute_statistics(module, batches, PLAIN)
    (norm,) = batch_norms(module)
    with torch.no_grad():
        before = [module.get_submodule("0")(batch) for batch in batches]
    means = torch.stack([x.mean((0, 2, 3)) for x in before]).mean(0)
    variances = torch.stack([x.var((0, 2, 3)) for x in before]).mean(0)
    torch.testing.assert_close(norm.running_mean, means)
    torch.testing.assert_close(norm.running_var, variances)


def test_nothing_else_changes() -> None:
    module = small_network().train()
    momentum = batch_norms(module)[0].momentum
    parameters = {name: x.detach().clone() for name, x in module.named_parameters()}
    recompute_statistics(module, _batches(2), PLAIN)
    assert batch_norms(module)[0].momentum == momentum
    assert not any(each.training for each in module.modules())
    for name, parameter in module.named_parameters():
        assert torch.equal(parameter, parameters[name])
        assert parameter.grad is None


def test_dropout_is_left_out() -> None:
    module = nn.Sequential(nn.Dropout(0.9), nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    with_dropout = nn.Sequential(*list(module)[1:])
    recompute_statistics(module, _batches(2), PLAIN)
    first = module.get_buffer("2.running_mean").clone()
    recompute_statistics(with_dropout, _batches(2), PLAIN)
    torch.testing.assert_close(first, with_dropout.get_buffer("1.running_mean"))


@pytest.mark.parametrize("batches", [0, 2])
def test_without_norms_or_images_it_stays_as_it_is(batches: int) -> None:
    module = small_network() if batches == 0 else nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU())
    before = {name: x.clone() for name, x in module.state_dict().items()}
    recompute_statistics(module, _batches(batches), PLAIN)
    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name])
