"""From what a network computes to the milliseconds that it takes, fitted to a few measured ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import nnls
from torch import Tensor

Array = NDArray[np.float64]
Fit = Callable[[Array], Array]

LEAST_MEASURED = 2
LENGTH = 1.0  # in standard deviations of a feature's logarithm, root mean square over the features
NOISE = 1.0  # of a measurement's logarithm, as a share of the residuals' variance


@dataclass(frozen=True)
class PredictionError:
    """How far predictions are from measurements, each left out of the fit that predicts it.

    Attributes:
        median: Of the absolute errors, as shares of what was measured.
        p90: A tenth of them is larger.
        measured: How many networks were.
    """

    median: float
    p90: float
    measured: int


class LatencyPredictor:
    """Time as a sum over kinds of work, with a smooth correction where that predicts better.

    Each feature costs a time of its own that is never negative, so that a network that does more of
    everything is never predicted to be faster: least squares of the relative errors. The correction
    smooths the logarithms of what remains, over those of the features: small layers use a processor
    worse. Measured by the leave-one-out error, it helps some networks and harms others.

    Args:
        features: `n x F` of what was measured, none negative.
        ms: `n` measured milliseconds.

    Attributes:
        error: The leave-one-out error of the form that was chosen by it: the smaller of two, and so
            a little optimistic.

    Raises:
        ValueError: If fewer than `LEAST_MEASURED` were measured, or one took no time.
    """

    def __init__(self, features: Tensor, ms: Tensor) -> None:
        if len(ms) < LEAST_MEASURED or len(features) != len(ms):
            raise ValueError(f"{len(features)} networks and {len(ms)} latencies are too few")
        if not bool((ms > 0).all()):
            raise ValueError("every latency must be positive")
        known, known_ms = _array(features), _array(ms)
        forms = (_sum_of_work, _corrected_sum)
        errors = [_left_out_errors(fit, known, known_ms) for fit in forms]
        best = int(np.argmin([np.median(one) for one in errors]))
        self._fit = forms[best](known, known_ms)
        median, p90 = np.percentile(errors[best], (50, 90)).tolist()
        self.error = PredictionError(median, p90, len(ms))

    def __call__(self, features: Tensor) -> Tensor:
        """Predicts milliseconds: float64 `n` of features `n x F`."""
        return torch.from_numpy(self._fit(_array(features)))


def _left_out_errors(form: Callable[[Array, Array], Fit], features: Array, ms: Array) -> Array:
    errors = np.empty(len(ms))
    for left_out in range(len(ms)):
        rest = np.arange(len(ms)) != left_out
        predicted = form(features[rest], ms[rest])(features[left_out : left_out + 1])
        errors[left_out] = abs(predicted[0] / ms[left_out] - 1)
    return errors


def _sum_of_work(features: Array, ms: Array) -> Fit:
    """Fits a time for each feature and one for each call, none negative."""
    scale = np.maximum(features.max(axis=0), 1.0)

    def columns(rows: Array) -> Array:
        return np.concatenate([rows / scale, np.ones((len(rows), 1))], axis=1)

    times, _ = nnls(columns(features) / ms[:, None], np.ones(len(ms)))
    least = ms.min() / 100
    return lambda others: np.maximum(columns(others) @ times, least)


def _corrected_sum(features: Array, ms: Array) -> Fit:
    work = _sum_of_work(features, ms)
    correction = _smoothed(features, np.log(ms / work(features)))
    return lambda others: work(others) * np.exp(correction(others))


def _smoothed(features: Array, residuals: Array) -> Fit:
    """Smooths what the sum leaves, as the posterior mean of a Gaussian process does."""
    logs = np.log1p(features)
    mean, deviation = logs.mean(axis=0), logs.std(axis=0)
    deviation[deviation < 1e-6] = 1.0

    def kernel(left: Array, right: Array) -> Array:
        apart = ((left[:, None] - right[None]) ** 2).mean(axis=2)
        near: Array = np.exp(-apart / (2 * LENGTH**2))
        return near

    known = (logs - mean) / deviation
    weights = np.linalg.solve(kernel(known, known) + NOISE * np.eye(len(known)), residuals)

    def smooth(others: Array) -> Array:
        found: Array = kernel((np.log1p(others) - mean) / deviation, known) @ weights
        return found

    return smooth


def _array(values: Tensor) -> Array:
    return values.detach().double().numpy()
