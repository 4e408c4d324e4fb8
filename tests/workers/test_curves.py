import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import t as student_t

from workers import curves
from workers.curves import LEAST_CURVES, forecast

EPOCHS = 5


def _drawn(n: int, seed: int = 0, noise: float = 0.01) -> NDArray[np.float64]:
    """Returns `n x 5` curves: how high they rise differs, and each value is a little off."""
    draws = np.random.default_rng(seed)
    height = draws.uniform(0.5, 0.9, (n, 1))
    rise = 1 - np.exp(-0.8 * np.arange(1, EPOCHS + 1))
    drawn: NDArray[np.float64] = height * rise + noise * draws.standard_normal((n, EPOCHS))
    return drawn.clip(0, 1)


def test_of_few_curves_nothing_is_foretold() -> None:
    known = _drawn(LEAST_CURVES).tolist()
    assert forecast([0.1], known[:-1]) is None
    assert forecast([0.1], known) is not None


def test_what_is_foretold_is_near_what_comes_and_nearer_with_each_epoch() -> None:
    known, coming = _drawn(20).tolist(), _drawn(200, seed=1)
    errors = []
    for epochs in range(1, EPOCHS):
        found = [forecast(row[:epochs].tolist(), known) for row in coming]
        errors.append(
            np.mean([abs(x.accuracy - row[-1]) for x, row in zip(found, coming, strict=True) if x])
        )
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.015


@pytest.mark.parametrize("n", [5, 10, 30])
@pytest.mark.parametrize("epochs", [1, 3])
def test_a_chance_comes_true_as_often_as_it_says(n: int, epochs: int) -> None:
    """Of those trials whose chance is said to be 5%, hardly more than 5% would be better."""
    missed = []
    for seed in range(300):
        drawn = _drawn(n + 1, seed, noise=0.02)
        found = forecast(drawn[-1, :epochs].tolist(), drawn[:-1].tolist())
        assert found is not None
        missed.append(found.chance_above(float(drawn[-1, -1])) < 0.05)
    assert np.mean(missed) < (0.13 if n == LEAST_CURVES else 0.08)


def test_the_forecast_is_the_regressions_in_closed_form() -> None:
    """Against the posterior predictive of the same model, by the marginal of its joint normal."""
    drawn = _drawn(8)
    known, gain, at = drawn[:-1, :2], drawn[:-1, -1] - drawn[:-1, 1], drawn[-1, :2]
    middle = known.mean(axis=0)
    slopes = np.array([curves.EARLIER_SLOPE, curves.SLOPE]) / curves.NOISE
    # In units of the noise: n gains and the new one, whose mean is flat, are jointly normal.
    x = np.vstack([known, at]) - middle
    joint = np.eye(8) + x @ np.diag(slopes**2) @ x.T + 1e9
    seen, cross = joint[:7, :7], joint[7, :7]
    weights = np.linalg.solve(seen, cross)
    width = joint[7, 7] - cross @ weights
    centred = gain - gain.mean()
    freedom = curves.NOISE_CURVES + 6
    energy = centred @ np.linalg.solve(seen, centred)
    noise = (curves.NOISE_CURVES * curves.NOISE**2 + energy) / freedom
    found = forecast(drawn[-1, :2].tolist(), drawn[:-1].tolist())
    assert found is not None
    assert found.centre == pytest.approx(at[1] + gain.mean() + weights @ centred, abs=1e-6)
    assert found.spread == pytest.approx(np.sqrt(noise * width), rel=1e-3)
    assert found.freedom == freedom
    chance = student_t.sf(0.7, freedom, found.centre, found.spread)
    assert found.chance_above(0.7) == pytest.approx(chance)


def test_leaving_out_what_was_stopped_biases_nothing() -> None:
    """Where all with a poor first value were stopped, poor ones are foretold as without."""
    everything = _drawn(400)
    selected = everything[everything[:, 0] > np.median(everything[:, 0])]
    poor = np.quantile(everything[:, 0], 0.2)
    whole = forecast([float(poor)], everything.tolist())
    rest = forecast([float(poor)], selected.tolist())
    assert whole is not None
    assert rest is not None
    assert rest.accuracy == pytest.approx(whole.accuracy, abs=0.02)


def test_no_accuracy_is_above_one_and_equal_curves_are_no_division_by_zero() -> None:
    found = forecast([1.0], [[1.0, 1.0]] * 6)
    assert found is not None
    assert found.accuracy == pytest.approx(1.0, abs=1e-3)
    assert found.chance_above(1.0) > found.chance_above(1.0 + 1e-9) == 0.0  # it may be as good
    assert found.chance_above(1.2) == 0.0
    assert found.chance_above(-0.1) == pytest.approx(1.0, abs=1e-3)
    nothing = forecast([0.0], [[0.0, 0.0]] * 6)
    assert nothing is not None
    assert nothing.accuracy == pytest.approx(0.0, abs=1e-3)
