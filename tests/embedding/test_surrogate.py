import logging
from typing import cast

import pytest
import torch
from gpytorch.mlls import ExactMarginalLogLikelihood
from linear_operator.utils.errors import NotPSDError
from torch import Tensor

from embedding import StudentSpace
from embedding import surrogate as module
from embedding.encoding import Tokens
from embedding.kernel import SLOPES, TRUST
from embedding.reading import Reader
from embedding.surrogate import FIRST_STEPS, WARM_STEPS, Surrogate
from networks import Candidates
from tests.embedding.inputs import inputs, teacher


def _surrogate(students: StudentSpace, kernels: int = 2, frozen: bool = False) -> Surrogate:
    decisions = students.features(students.teacher()).shape[1]
    return Surrogate(decisions, kernels, seed=0, frozen=frozen)


def _data(students: StudentSpace, surrogate: Surrogate, n: int) -> tuple[Tensor, Tensor, Tokens]:
    """The teacher and `n` students with outcomes that only some decisions matter to."""
    drawn = students.sample(n, torch.Generator().manual_seed(3))
    reading = Reader(students, surrogate).read(Candidates.cat([students.teacher(), drawn]))
    reading.x[0, 0] = 0
    narrow = students.features(reading.candidates)
    return reading.x, 0.3 * narrow[:, 0] - 0.1 * narrow[:, 2].square(), reading.tokens


def _likelihood(surrogate: Surrogate, x: Tensor, y: Tensor) -> float:
    surrogate.gp.condition(x, y)
    surrogate.gp.train()
    with torch.no_grad():
        likelihood = ExactMarginalLogLikelihood(surrogate.gp.likelihood, surrogate.gp)
        found: float = likelihood(surrogate.gp(x), y).item()
    surrogate.gp.eval()
    return found


def _everything(surrogate: Surrogate) -> list[Tensor]:
    return [value.clone() for value in surrogate.state_dict().values()]


def _same(surrogate: Surrogate, before: list[Tensor]) -> bool:
    return all(torch.equal(x, y) for x, y in zip(_everything(surrogate), before, strict=True))


@pytest.mark.parametrize("kernels", [0, 2])
def test_a_fit_raises_the_likelihood(students: StudentSpace, kernels: int) -> None:
    surrogate = _surrogate(students, kernels)
    x, y, tokens = _data(students, surrogate, 24)
    before = _likelihood(surrogate, x, y)
    fitted = surrogate.fit(x, y, tokens, turn=0)
    after = _likelihood(surrogate, fitted, y)
    assert after > before + 0.05
    assert surrogate.fits == [1, 0][:kernels]


def test_an_encoder_s_steps_raise_the_likelihood_by_themselves(students: StudentSpace) -> None:
    surrogate = _surrogate(students)
    x, y, tokens = _data(students, surrogate, 24)
    before = _likelihood(surrogate, x, y)
    fitted = surrogate._fit_encoder(x, y, tokens, 1)
    assert _likelihood(surrogate, fitted, y) > before
    torch.testing.assert_close(fitted[:, surrogate.layout.embeddings], surrogate.embed(tokens))


def test_a_fit_predicts_what_it_has_not_seen(students: StudentSpace) -> None:
    surrogate = _surrogate(students)
    x, y, tokens = _data(students, surrogate, 80)
    known = surrogate.fit(x[:60], y[:60], tokens.take(torch.arange(60)), turn=0)
    x = torch.cat(
        [x[:, : surrogate.layout.embeddings.start], surrogate.embed(tokens), x[:, -4:]], 1
    )
    surrogate.gp.condition(known, y[:60])
    with torch.no_grad():
        error = (surrogate.gp.posterior(x[60:]).mean.squeeze(-1) - y[60:]).square().mean()
    assert error < 0.1 * y[60:].var()


def test_only_the_encoder_whose_turn_it_is_learns(students: StudentSpace) -> None:
    surrogate = _surrogate(students)
    x, y, tokens = _data(students, surrogate, 8)
    before = surrogate.encoder_weights()
    surrogate.fit(x, y, tokens, turn=1)
    after = surrogate.encoder_weights()
    assert all(torch.equal(value, after[0][name]) for name, value in before[0].items())
    assert any(not torch.equal(value, after[1][name]) for name, value in before[1].items())
    assert surrogate.fits == [0, 1]


def test_a_frozen_encoder_stays_and_the_hyperparameters_move(students: StudentSpace) -> None:
    surrogate = _surrogate(students, frozen=True)
    x, y, tokens = _data(students, surrogate, 12)
    weights, before = surrogate.encoder_weights(), surrogate.hyperparameters()
    surrogate.fit(x, y, tokens, turn=0)
    for old, new in zip(weights, surrogate.encoder_weights(), strict=True):
        assert all(torch.equal(value, new[name]) for name, value in old.items())
    after = surrogate.hyperparameters()
    assert any(not torch.equal(value, after[name]) for name, value in before.items())
    assert surrogate.fits == [0, 0]


def test_a_warm_encoder_takes_fewer_steps(
    students: StudentSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    surrogate = _surrogate(students)
    x, y, tokens = _data(students, surrogate, 6)
    steps: list[int] = []
    step = torch.optim.Adam.step

    def counted(self: torch.optim.Adam) -> None:
        steps.append(1)
        step(self)

    monkeypatch.setattr(torch.optim.Adam, "step", counted)
    x = surrogate.fit(x, y, tokens, turn=0)
    assert len(steps) == FIRST_STEPS
    surrogate.fit(x, y, tokens, turn=0)
    assert len(steps) == FIRST_STEPS + WARM_STEPS


def test_fits_repeat_exactly(students: StudentSpace) -> None:
    first, second = _surrogate(students), _surrogate(students)
    x, y, tokens = _data(students, first, 12)
    fitted = first.fit(x, y, tokens, turn=0)
    assert torch.equal(second.fit(x, y, tokens, turn=0), fitted)
    assert _same(second, _everything(first))


@pytest.mark.parametrize("outcome", [torch.zeros(1), torch.zeros(7), torch.full((7,), -3.0)])
def test_the_teacher_alone_and_equal_outcomes_are_fitted(
    students: StudentSpace, outcome: Tensor, caplog: pytest.LogCaptureFixture
) -> None:
    surrogate = _surrogate(students)
    x, _, tokens = _data(students, surrogate, len(outcome) - 1)
    fitted = surrogate.fit(x, outcome.double(), tokens, turn=0)
    assert torch.isfinite(fitted).all()
    assert all(torch.isfinite(value).all() for value in surrogate.hyperparameters().values())
    assert not caplog.records


def test_a_failed_fit_leaves_what_there_was_and_says_why(
    students: StudentSpace, caplog: pytest.LogCaptureFixture
) -> None:
    surrogate = _surrogate(students)
    x, y, tokens = _data(students, surrogate, 8)
    x = surrogate.fit(x, y, tokens, turn=0)
    before = _everything(surrogate)
    with caplog.at_level(logging.WARNING):
        assert surrogate.fit(x, y * torch.nan, tokens, turn=0) is x
    assert _same(surrogate, before)
    assert surrogate.fits == [1, 0]
    # Of the encoder and of the hyperparameters, each with more jitter the second time.
    assert len(caplog.records) == 4
    assert all("a fit failed (jitter" in record.message for record in caplog.records)


def test_more_jitter_is_tried_before_giving_up(
    students: StudentSpace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    likelihood, calls = ExactMarginalLogLikelihood, list[int]()

    def once(*args: object) -> object:
        calls.append(1)
        if len(calls) == 1:
            raise NotPSDError("not positive definite")
        return likelihood(*args)

    monkeypatch.setattr(module, "ExactMarginalLogLikelihood", once)
    surrogate = _surrogate(students)
    surrogate.fit(*_data(students, surrogate, 8), turn=0)
    assert surrogate.fits == [1, 0]
    assert len(caplog.records) == 1
    assert "not positive definite" in caplog.text


def test_what_was_fitted_is_taken_over(students: StudentSpace) -> None:
    source, other = _surrogate(students), _surrogate(students, kernels=3)
    source.fit(*_data(students, source, 8), turn=1)
    other.begin(source.encoder_weights(), source.fits, source.hyperparameters())
    assert other.fits == [0, 1, 0]
    for k, weights in enumerate(other.encoder_weights()):
        origin = source.encoder_weights()[k % 2]
        assert all(torch.equal(value, origin[name]) for name, value in weights.items())
    taken = other.hyperparameters()
    assert all(torch.equal(taken[name], x) for name, x in source.hyperparameters().items())


def test_without_encoders_to_take_over_there_are_the_own_ones(students: StudentSpace) -> None:
    source, other = _surrogate(students, kernels=0), _surrogate(students)
    before = other.encoder_weights()[0]
    other.begin(source.encoder_weights(), source.fits, source.hyperparameters())
    assert all(torch.equal(x, before[name]) for name, x in other.encoder_weights()[0].items())
    assert other.fits == [0, 0]


@pytest.mark.parametrize(("weight", "believed"), [(1.0, True), (0.4, True), (0.0, False)])
def test_a_guess_is_dropped_once_the_outcomes_speak_against_it(
    weight: float, believed: bool
) -> None:
    surrogate = Surrogate(5, kernels=0, seed=0, sources=1)
    layout = surrogate.layout
    x = torch.cat([teacher(layout), inputs(layout, torch.linspace(0, 3, 8))])
    guesses = x[:, layout.guesses].squeeze(1)
    y = x[:, layout.logs] @ torch.tensor(SLOPES).double() + weight * guesses
    tokens = cast("Tokens", None)  # without encoders nothing reads them
    surrogate.fit(x[:1], y[:1], tokens, turn=0)
    assert surrogate.gp.mean_module.believes  # before there is a trial
    surrogate.fit(x, y, tokens, turn=0)
    parts = surrogate.gp.mean_module, surrogate.gp.covar_module
    assert [part.believes for part in parts] == [believed, believed]
    with torch.no_grad():
        moved = surrogate.gp.mean_module(x) - x[:, layout.logs] @ torch.tensor(SLOPES).double()
    torch.testing.assert_close(moved, (TRUST if believed else 0) * guesses)


def test_what_is_not_believed_is_believed_again_once_it_fits() -> None:
    surrogate = Surrogate(5, kernels=0, seed=0, sources=1)
    x = torch.cat([teacher(surrogate.layout), inputs(surrogate.layout, torch.linspace(0, 3, 8))])
    guesses = x[:, surrogate.layout.guesses].squeeze(1)
    for weight in (0.0, 1.0):
        surrogate.fit(x, weight * guesses, cast("Tokens", None), turn=0)
        assert surrogate.gp.covar_module.believes == (weight > 0)


def test_what_can_t_be_judged_is_believed_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    surrogate = Surrogate(5, kernels=0, seed=0, sources=1)
    x = torch.cat([teacher(surrogate.layout), inputs(surrogate.layout, torch.linspace(0, 3, 8))])
    surrogate.gp.believe(False)

    def broken(*_: Tensor) -> float:
        if surrogate.gp.mean_module.believes:
            raise NotPSDError("broken")
        return 0.0

    monkeypatch.setattr(surrogate, "_evidence", broken)
    surrogate.fit(x, torch.zeros(len(x)).double(), cast("Tokens", None), turn=0)
    assert not surrogate.gp.mean_module.believes
