"""What a learning curve has yet to come to: its last accuracy, foretold from its first ones.

A curve is the accuracy on validation after each epoch of one training. The last value is regressed
on the values so far over the curves that are finished, by a conjugate Bayesian regression whose
predictive distribution is Student's t in closed form [Gelman2013].

A stopped training's last value is unknown. Leaving it out biases nothing: that it was stopped
depended on the values that the regression is given, on nothing else [Rubin1976].

[Gelman2013] A. Gelman, J. Carlin, H. Stern, D. Dunson, A. Vehtari, D. Rubin. Bayesian data
    analysis, 3rd edition, chapter 14, 2013.
[Rubin1976] D. B. Rubin. Inference and missing data. Biometrika 63, 1976.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

LEAST_CURVES = 5  # of fewer finished ones nothing is foretold
# The prior: the last value is the newest one and a constant, give or take slopes of these standard
# deviations; its noise is about 0.03 (three points of accuracy), as surely as three curves tell it.
SLOPE = 1.0
EARLIER_SLOPE = 0.5
NOISE = 0.03
NOISE_CURVES = 3.0

Curve = Sequence[float]
"""Accuracies (fractions) after the epochs of one training, the first epoch's first."""


@dataclass(frozen=True)
class Forecast:
    """Student's t of a curve's last value.

    Attributes:
        centre: its middle.
        spread: its scale.
        freedom: its degrees of freedom.
    """

    centre: float
    spread: float
    freedom: float

    @property
    def accuracy(self) -> float:
        """The likeliest value that is a fraction."""
        return min(max(self.centre, 0.0), 1.0)

    def chance_above(self, accuracy: float) -> float:
        """Returns the probability that the last accuracy is more than this one; of 1, as much."""
        if accuracy > 1:
            return 0.0
        return float(stdtr(self.freedom, (self.centre - accuracy) / self.spread))


def forecast(curve: Curve, finished: Sequence[Curve]) -> Forecast | None:
    """Returns what the curve's last value will be.

    Args:
        curve: its first values, at least one and fewer than a finished one has.
        finished: curves that ended, all of one length.

    Returns:
        The forecast; None where `LEAST_CURVES` aren't finished.
    """
    if len(finished) < LEAST_CURVES:
        return None
    ended, done = np.array(finished), np.array(curve)
    known, last = ended[:, : len(done)], ended[:, -1]
    middle, gain = known.mean(axis=0), last - known[:, -1]
    more, spread, freedom = _regressed(known - middle, gain - gain.mean(), done - middle)
    return Forecast(float(done[-1] + gain.mean()) + more, spread, freedom)


def _regressed(
    known: NDArray[np.float64], gain: NDArray[np.float64], at: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Returns middle, scale and degrees of freedom of the predicted gain [Gelman2013].

    The gain is what the last value has over the newest one: the prior's slope of 1 is in that.

    Args:
        known: `n x e`, centred, the newest values last.
        gain: `n`, centred.
        at: `e`, where to predict, centred alike.
    """
    n, epochs = known.shape
    slopes = np.full(epochs, EARLIER_SLOPE)
    slopes[-1] = SLOPE
    precision = known.T @ known + np.diag((NOISE / slopes) ** 2)
    moment = known.T @ gain
    slope = np.linalg.solve(precision, moment)
    freedom = NOISE_CURVES + n - 1  # one is spent on the mean
    noise = (NOISE_CURVES * NOISE**2 + gain @ gain - moment @ slope) / freedom
    width = 1 + 1 / n + at @ np.linalg.solve(precision, at)
    return float(at @ slope), math.sqrt(float(noise * width)), freedom
