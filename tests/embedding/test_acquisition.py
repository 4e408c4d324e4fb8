import pytest
import torch
from torch import Tensor
from torch.distributions import Normal

from embedding.acquisition import Scale, improvements, with_costs
from embedding.encoder import EMBEDDING
from embedding.kernel import AccuracyGP
from embedding.objective import Limits, Objective
from networks import Costs

SCALE = Scale(mean=0.6, std=0.05)
SCORE = Objective("score", Limits(), 1000, 0.9)
ACCURACY = Objective("accuracy", Limits(), 1000, 0.9)
NONE = torch.zeros(0, EMBEDDING + 4, dtype=torch.float64)


def _inputs(n: int, seed: int, params: int | Tensor = 500) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(n, EMBEDDING, generator=generator, dtype=torch.float64)
    sizes = torch.full((n,), params) if isinstance(params, int) else params
    return with_costs(z / z.norm(dim=1, keepdim=True), Costs(sizes, sizes, sizes, sizes))


def _gp(x: Tensor) -> AccuracyGP:
    gp = AccuracyGP()
    gp.likelihood.noise = 2e-4
    gp.covar_module.base_kernel.lengthscale = 1.0
    gp.condition(x, 2 * x[:, 0])
    return gp


def test_with_hardly_any_noise_it_is_the_closed_form_of_the_score() -> None:
    observed = _inputs(10, seed=0, params=torch.arange(10) * 50 + 100)
    candidates = _inputs(30, seed=1, params=torch.arange(30) * 20 + 50)
    gp = _gp(observed)
    found = improvements(gp, SCORE, SCALE, candidates, observed, NONE, seed=0).exp()
    with torch.no_grad():
        known, new = gp.posterior(observed), gp.posterior(candidates)
    best = _value(known.mean.squeeze(-1), observed).max()
    mean = _value(new.mean.squeeze(-1), candidates)
    slope = _value(torch.ones(30).double(), candidates) - _value(torch.zeros(30), candidates)
    std = slope * new.variance.squeeze(-1).sqrt()
    u, normal = (mean - best) / std, Normal(0.0, 1.0)
    expected = std * (normal.log_prob(u).exp() + u * normal.cdf(u))
    large = expected > 0.01
    assert large.sum() > 5
    torch.testing.assert_close(found[large], expected[large], rtol=0.15, atol=0.0)
    assert found.argmax() == expected.argmax()


def _value(y: Tensor, x: Tensor) -> Tensor:
    compression = 1 - x[:, EMBEDDING] / 1000
    accuracy = SCALE.mean + SCALE.std * y.double()
    return compression * (2 - compression) * accuracy / 0.9 / SCALE.std


def test_of_two_equally_accurate_the_cheaper_is_wanted_for_its_score() -> None:
    observed = _inputs(8, seed=0)
    pair = _inputs(1, seed=2).repeat(2, 1)
    pair[1, EMBEDDING] = 100
    gp = _gp(observed)
    scores = improvements(gp, SCORE, SCALE, pair, observed, NONE, seed=0)
    assert scores[1] > scores[0]
    accuracies = improvements(gp, ACCURACY, SCALE, pair, observed, NONE, seed=0)
    torch.testing.assert_close(accuracies[0], accuracies[1])


def test_what_is_pending_is_no_longer_wanted() -> None:
    observed, candidates = _inputs(8, seed=0), _inputs(40, seed=3)
    gp = _gp(observed)
    before = improvements(gp, SCORE, SCALE, candidates, observed, NONE, seed=0)
    first = int(before.argmax())
    pending = candidates[first : first + 1]
    after = improvements(gp, SCORE, SCALE, candidates, observed, pending, seed=0)
    assert after[first] < before[first] - 1
    assert after.argmax() != first


def test_no_accuracy_above_one_is_hoped_for() -> None:
    observed, candidates = _inputs(8, seed=0), _inputs(20, seed=3)
    perfect = Scale(mean=1.0, std=0.05)
    gp = _gp(observed)
    gp.condition(observed, torch.zeros(8))
    found = improvements(gp, ACCURACY, perfect, candidates, observed, NONE, seed=0).exp()
    usual = improvements(gp, ACCURACY, SCALE, candidates, observed, NONE, seed=0).exp()
    assert found.max() < 0.2 * usual.max()


def test_a_seed_repeats_whatever_the_global_generator() -> None:
    observed, candidates = _inputs(8, seed=0), _inputs(20, seed=3)
    gp = _gp(observed)
    torch.manual_seed(1)
    first = improvements(gp, SCORE, SCALE, candidates, observed, NONE, seed=7)
    torch.manual_seed(2)
    second = improvements(gp, SCORE, SCALE, candidates, observed, NONE, seed=7)
    other = improvements(gp, SCORE, SCALE, candidates, observed, NONE, seed=2**63 - 1)
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_outcomes_are_standardised() -> None:
    accuracy = torch.tensor([0.2, 0.4, 0.9], dtype=torch.float64)
    y = Scale.of(accuracy).standardise(accuracy)
    assert y.mean().item() == pytest.approx(0)
    assert y.std(correction=0).item() == pytest.approx(1)


@pytest.mark.parametrize("values", [[0.5], [0.5, 0.5], [0.0, 0.0], [1.0, 1.0, 1.0]])
def test_equal_accuracies_are_no_signal(values: list[float]) -> None:
    accuracy = torch.tensor(values, dtype=torch.float64)
    assert Scale.of(accuracy).standardise(accuracy).abs().max() == 0
