"""ESNAC's kernel: an LSTM, and a Gaussian process of fixed hyperparameters over its embedding.

[Cao2019] S. Cao, X. Wang, K. Kitani. Learnable embedding space for efficient neural architecture
    compression. ICLR 2019.
[Rasmussen2006] C. E. Rasmussen, C. K. I. Williams. Gaussian processes for machine learning. MIT
    Press 2006; leave-one-out prediction is section 5.4.2.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from embedding import Tokens

# [Cao2019], and where the paper doesn't say it, its published code's settings.
LAYERS = 4
HIDDEN = 64
SIGMA_SQUARED = 0.01  # of the kernel exp(-|h - h'|² / (2 σ²))
NOISE = 0.05  # β, a variance
RATE = 1e-3
WEIGHT_DECAY = 5e-4
STEPS = 100
# Training ends when the likelihood is this near to its moving average, after a few steps.
CONVERGED = 1e-3
LEAST_STEPS = 6
MOVING = 0.5


class EsnacKernel:
    """One kernel, trained from nothing on the records that it is given [Cao2019].

    Args:
        tokens: Of the `m` records, at least one.
        y: Their values as they are, `m`.
        best: What is to be improved on.
        seed: Of the LSTM's first weights.
    """

    def __init__(self, tokens: Tokens, y: Tensor, best: float, seed: int) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._lstm = nn.LSTM(
                tokens.values.shape[-1], HIDDEN, LAYERS, batch_first=True, bidirectional=True
            )
        self._tokens, self._y, self._best = tokens, y.double(), best
        if len(y) > 1:
            self._train()
        with torch.no_grad():
            self._embedded = self._embed(tokens)
            factor = torch.linalg.cholesky(_covariance(self._embedded))
            self._inverse = torch.cholesky_inverse(factor)

    def expected_improvement(self, tokens: Tokens) -> Tensor:
        """Returns `n` expected improvements; the noise counts in them."""
        with torch.no_grad():
            cross = _similarity(self._embed(tokens), self._embedded)
        weights = cross @ self._inverse
        mean = weights @ self._y
        deviation = (1 - (weights * cross).sum(1)).clamp(min=0).add(NOISE).sqrt()
        z = (mean - self._best) / deviation
        density = torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi)
        improvement: Tensor = deviation * (z * torch.special.ndtr(z) + density)
        return improvement

    def _train(self) -> None:
        optimizer = torch.optim.Adam(self._lstm.parameters(), lr=RATE, weight_decay=WEIGHT_DECAY)
        average = 0.0
        for step in range(STEPS):
            likelihood = leave_one_out(_covariance(self._embed(self._tokens)), self._y)
            optimizer.zero_grad()
            (-likelihood).backward()
            optimizer.step()
            now = likelihood.item()
            average = MOVING * now + (1 - MOVING) * average if step else now
            if step >= LEAST_STEPS and abs(average - now) < CONVERGED:
                break

    def _embed(self, tokens: Tokens) -> Tensor:
        """Returns embeddings `n x 2 HIDDEN` of norm 1, float64: the mean over real tokens."""
        lengths = tokens.mask.sum(1).clamp(min=1)
        packed = pack_padded_sequence(
            tokens.values, lengths, batch_first=True, enforce_sorted=False
        )
        states, _ = pad_packed_sequence(self._lstm(packed)[0], batch_first=True)
        embedded: Tensor = F.normalize(states.sum(1) / lengths.unsqueeze(1), dim=1).double()
        return embedded


def leave_one_out(covariance: Tensor, y: Tensor) -> Tensor:
    """Returns the mean log likelihood of each outcome given all others.

    [Cao2019]'s equation 6, in closed form from one Cholesky factor [Rasmussen2006].

    Args:
        covariance: Of the outcomes, noise included: `m x m`.
        y: `m`, of mean zero before any is seen.
    """
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(covariance))
    variance = 1 / inverse.diagonal()
    error = (inverse @ y) * variance
    return -(variance.log() + error.square() / variance + math.log(2 * math.pi)).mean() / 2


def _similarity(a: Tensor, b: Tensor) -> Tensor:
    apart = (a.unsqueeze(1) - b.unsqueeze(0)).square().sum(-1)
    return torch.exp(-apart / (2 * SIGMA_SQUARED))


def _covariance(embedded: Tensor) -> Tensor:
    noise = NOISE * torch.eye(len(embedded), dtype=embedded.dtype)
    return _similarity(embedded, embedded) + noise
