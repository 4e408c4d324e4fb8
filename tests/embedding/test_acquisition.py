import functools
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from embedding.acquisition import Acquisition, Posterior, costs_in, improvement, log_improvement
from embedding.kernel import Layout, OutcomeGP
from embedding.lognormal import NEVER
from embedding.objective import Limits, Objective
from embedding.outcome import outcome
from embedding.pareto import pareto_improvement
from tests.embedding.inputs import inputs, teacher

LAYOUT = Layout(decisions=4, kernels=2)
TEACHER = outcome(torch.tensor(0.9, dtype=torch.float64)).item()
SCORE = Objective("score", Limits(), 1000, 0.9)
ACCURACY = Objective("accuracy", Limits(), 1000, 0.9)
PARETO = Objective("pareto", Limits(), 1000, 0.9, None, ("params", "macs"), (1000, 8000))
NONE = torch.zeros(0, 1 + 4 + 2 + 2 * 16 + 4, dtype=torch.float64)
KINDS = [
    pytest.param(functools.partial(improvement, objective=SCORE), id="score"),
    pytest.param(functools.partial(improvement, objective=ACCURACY), id="accuracy"),
    pytest.param(functools.partial(pareto_improvement, objective=PARETO), id="pareto"),
]
Kind = Callable[..., Acquisition]


def _gp(observed: Tensor, noise: float = 1e-4) -> OutcomeGP:
    """A GP that knows that the first decision is what costs accuracy."""
    gp, x = OutcomeGP(LAYOUT), torch.cat([teacher(LAYOUT), observed])
    gp.likelihood.noise = noise
    gp.condition(x, 0.5 * x[:, 1])
    gp.eval()
    return gp


def _wants(kind: Kind, observed: Tensor, pending: Tensor = NONE, seed: int = 0) -> Acquisition:
    return kind(
        _gp(observed), teacher_outcome=TEACHER, observed=observed, pending=pending, seed=seed
    )


def _observed(n: int = 8) -> Tensor:
    return inputs(LAYOUT, torch.linspace(0.5, 3, n))


def test_the_posterior_is_the_gp_s() -> None:
    gp, x = _gp(_observed()), inputs(LAYOUT, torch.linspace(0, 4, 9), seed=5)
    posterior = Posterior(gp)
    with torch.no_grad():
        expected = gp(x)
        at = posterior.at(x)
        covariance, variance = posterior.covariance(at, at), posterior.variance(at)
        torch.testing.assert_close(at.mean, expected.mean)
        torch.testing.assert_close(covariance, expected.covariance_matrix)
        torch.testing.assert_close(variance, covariance.diagonal())


@pytest.mark.parametrize("teacher_accuracy", [0.9, 0.45])
@pytest.mark.parametrize("objective", [SCORE, ACCURACY])
def test_it_is_the_mean_improvement_of_samples(
    objective: Objective, teacher_accuracy: float
) -> None:
    observed = _observed(10)
    candidates = inputs(LAYOUT, torch.linspace(0.3, 4, 30), seed=1)
    known = outcome(torch.tensor(teacher_accuracy, dtype=torch.float64)).item()
    wants = improvement(_gp(observed), objective, known, observed, NONE, seed=0)
    posterior = Posterior(_gp(observed))
    both = torch.cat([observed, candidates])
    with torch.no_grad():
        at = posterior.at(both)
        mean, covariance = at.mean, posterior.covariance(at, at)
    root = torch.linalg.cholesky(covariance + 1e-9 * torch.eye(40, dtype=torch.float64))
    z = torch.randn(40_000, 40, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    error = (-(known + mean + z @ root.mT)).exp()
    value = objective.value(1.005 - error, costs_in(both))
    expected = (value[:, 10:] - value[:, :10].amax(1, keepdim=True)).clamp(min=0).mean(0)
    found = wants(candidates).exp() / 64
    large = expected > 0.05 * expected.max()
    assert large.sum() > 3
    torch.testing.assert_close(found[large], expected[large], rtol=0.15, atol=0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_plainly_better_is_wanted_more(kind: Kind) -> None:
    observed = _observed()
    pair = inputs(LAYOUT, torch.full((1,), 2.0), seed=2).repeat(2, 1)
    pair[0, 1], pair[1, 1] = -1.9, 0.0  # narrow, where it costs accuracy, and not
    worse, better = _wants(kind, observed)(pair).tolist()
    assert better > worse + 1


def test_of_two_equally_accurate_the_cheaper_is_wanted_for_its_score_alone() -> None:
    pair = inputs(LAYOUT, torch.full((1,), 2.0), seed=2).repeat(2, 1)
    pair[1, LAYOUT.costs] /= 4
    score = _wants(functools.partial(improvement, objective=SCORE), _observed())(pair)
    assert score[1] > score[0]
    accuracy = _wants(functools.partial(improvement, objective=ACCURACY), _observed())(pair)
    torch.testing.assert_close(accuracy[1], accuracy[0])
    pareto = _wants(functools.partial(pareto_improvement, objective=PARETO), _observed())(pair)
    assert pareto[1] > pareto[0]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_pending_is_wanted_less(kind: Kind) -> None:
    observed, candidates = _observed(), inputs(LAYOUT, torch.linspace(0, 4, 40), seed=3)
    before = _wants(kind, observed)(candidates)
    first = int(before.argmax())
    after = _wants(kind, observed, candidates[first : first + 1])(candidates)
    assert after[first] < before[first] - 0.5


def test_what_saves_nothing_has_a_score_of_nothing_and_is_wanted_least() -> None:
    pair = inputs(LAYOUT, torch.tensor([0.0, 2.0]), seed=2)
    for observed in (teacher(LAYOUT), _observed()):
        same, smaller = _wants(functools.partial(improvement, objective=SCORE), observed)(pair)
        assert torch.isfinite(same)
        assert smaller > same + 10


@pytest.mark.parametrize("kind", KINDS)
def test_each_candidate_is_considered_alone(kind: Kind) -> None:
    candidates = inputs(LAYOUT, torch.linspace(0, 4, 5), seed=3)
    wants = _wants(kind, _observed())
    together = wants(candidates)
    alone = torch.cat([wants(candidates[row : row + 1]) for row in range(5)])
    torch.testing.assert_close(together, alone)


@pytest.mark.parametrize("kind", KINDS)
def test_the_teacher_is_to_be_beaten_before_there_is_a_student(kind: Kind) -> None:
    wants = kind(_gp(NONE), teacher_outcome=TEACHER, observed=teacher(LAYOUT), pending=NONE, seed=0)
    assert torch.isfinite(wants(_observed())).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("accuracy", [0.001, 1.0])
def test_teachers_that_know_nothing_or_everything(kind: Kind, accuracy: float) -> None:
    known = outcome(torch.tensor(accuracy, dtype=torch.float64)).item()
    observed = _observed()
    wants = kind(_gp(observed), teacher_outcome=known, observed=observed, pending=NONE, seed=0)
    assert torch.isfinite(wants(inputs(LAYOUT, torch.linspace(0, 4, 9), seed=3))).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_repeats_whatever_the_global_generator(kind: Kind) -> None:
    observed, candidates = _observed(), inputs(LAYOUT, torch.linspace(0, 4, 20), seed=3)
    torch.manual_seed(1)
    first = _wants(kind, observed, seed=7)(candidates)
    torch.manual_seed(2)
    assert torch.equal(_wants(kind, observed, seed=7)(candidates), first)
    assert not torch.equal(_wants(kind, observed, seed=2**63 - 1)(candidates), first)


def test_what_is_promised_beyond_an_accuracy_of_one_does_not_count() -> None:
    worth, best = torch.tensor([1.0, 0.6]).double(), torch.tensor([[0.5], [0.98], [1.0]]).double()
    mean, deviation = torch.tensor([[4.0, 6.0]]).double().expand(3, 2), torch.tensor([0.3, 2.0])
    draws = torch.randn(400_000, 1, generator=torch.Generator().manual_seed(0)).double()
    accuracy = (1.005 - (-(mean[:1] + deviation * draws)).exp()).clamp(0, 1)
    expected = torch.stack([(worth * accuracy - x).clamp(min=0).mean(0) for x in best])
    found = log_improvement(worth, mean, deviation.double(), best)
    torch.testing.assert_close(found.exp(), expected, rtol=0.01, atol=1e-6)
    assert found[2].tolist() == [NEVER, NEVER]
