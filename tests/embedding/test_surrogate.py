import logging

import pytest
import torch
from gpytorch.mlls import LeaveOneOutPseudoLikelihood
from linear_operator.utils.errors import NotPSDError
from torch import Tensor

from embedding import surrogate as module
from embedding.encoding import Tokens, encode
from embedding.surrogate import Surrogate
from networks import Space


def _data(space: Space, n: int) -> tuple[Tokens, Tensor]:
    drawn = space.sample(n, torch.Generator().manual_seed(3))
    tokens = encode(space.layers, space.table(drawn))
    y = drawn.widths.double().log().sum(1)
    return tokens, (y - y.mean()) / y.std(correction=0).clamp(min=1e-9)


def _leave_one_out(kernel: Surrogate, tokens: Tokens, y: Tensor) -> float:
    """The mean logarithm of each outcome's density given all others, one GP each."""
    x = kernel.embed(tokens)
    total = 0.0
    for row in range(len(y)):
        rest = torch.arange(len(y)) != row
        kernel.gp.condition(x[rest], y[rest])
        with torch.no_grad():
            posterior = kernel.gp.posterior(x[row : row + 1], observation_noise=True)
            density = torch.distributions.Normal(posterior.mean, posterior.variance.sqrt())
            total += density.log_prob(y[row]).item()
    return total / len(y)


def test_a_fit_raises_the_leave_one_out_likelihood(space: Space) -> None:
    tokens, y = _data(space, 24)
    kernel = Surrogate(seed=0)
    before = _leave_one_out(kernel, tokens, y)
    assert kernel.fit(tokens, y)
    first = _leave_one_out(kernel, tokens, y)
    assert first > before + 0.3
    assert kernel.fit(tokens, y)
    assert kernel.fits == 2
    assert _leave_one_out(kernel, tokens, y) > first


def test_a_fit_predicts_what_it_has_not_seen(space: Space) -> None:
    tokens, y = _data(space, 80)
    kernel = Surrogate(seed=0)
    kernel.fit(tokens.take(torch.arange(60)), y[:60])
    x = kernel.embed(tokens)
    kernel.gp.condition(x[:60], y[:60])
    with torch.no_grad():
        error = (kernel.gp.posterior(x[60:]).mean.squeeze(-1) - y[60:]).square().mean()
    assert error < 0.3 * y[60:].var()


def test_a_frozen_encoder_stays_and_the_hyperparameters_move(space: Space) -> None:
    tokens, y = _data(space, 12)
    kernel = Surrogate(seed=0, frozen=True)
    before = {name: value.clone() for name, value in kernel.weights().items()}
    assert kernel.fit(tokens, y)
    for name, value in kernel.weights().items():
        assert torch.equal(value, before[name]) == name.startswith("encoder."), name


def test_fits_repeat_exactly(space: Space) -> None:
    tokens, y = _data(space, 12)
    first, second = Surrogate(seed=1), Surrogate(seed=1)
    first.fit(tokens, y)
    second.fit(tokens, y)
    assert all(torch.equal(second.weights()[name], x) for name, x in first.weights().items())


@pytest.mark.parametrize("outcome", [torch.zeros(1), torch.zeros(6), torch.ones(6)])
def test_a_single_outcome_or_equal_ones_are_fitted(space: Space, outcome: Tensor) -> None:
    tokens, _ = _data(space, len(outcome))
    kernel = Surrogate(seed=0)
    assert kernel.fit(tokens, outcome)
    assert all(torch.isfinite(value).all() for value in kernel.weights().values())


def test_a_failed_fit_keeps_the_last_good_kernel(
    space: Space, caplog: pytest.LogCaptureFixture
) -> None:
    tokens, y = _data(space, 8)
    kernel = Surrogate(seed=0)
    kernel.fit(tokens, y)
    good = {name: value.clone() for name, value in kernel.weights().items()}
    with caplog.at_level(logging.WARNING):
        assert not kernel.fit(tokens, y * torch.nan)
    assert all(torch.equal(kernel.weights()[name], value) for name, value in good.items())
    assert kernel.fits == 1
    assert [("jitter" in x.message) for x in caplog.records] == [True, True]


def test_more_jitter_is_tried_before_giving_up(
    space: Space, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tokens, y = _data(space, 8)
    likelihood = LeaveOneOutPseudoLikelihood
    calls: list[int] = []

    def once(*args: object) -> object:
        calls.append(1)
        if len(calls) == 1:
            raise NotPSDError("not positive definite")
        return likelihood(*args)

    monkeypatch.setattr(module, "LeaveOneOutPseudoLikelihood", once)
    assert Surrogate(seed=0).fit(tokens, y)
    assert "not positive definite" in caplog.text
