"""One kernel of the surrogate: an encoder and a GP over it, fitted together.

[Rasmussen2006] C. E. Rasmussen, C. K. I. Williams. Gaussian processes for machine learning. MIT
    Press 2006; the leave-one-out predictive likelihood is section 5.4.2.
[Cao2019] as in `embedding.encoder`; the likelihood is its equation 6.
"""

import logging
import math
from collections.abc import Mapping

import gpytorch
import torch
from gpytorch.mlls import LeaveOneOutPseudoLikelihood
from linear_operator.utils.errors import NanError, NotPSDError
from torch import Tensor, nn
from torch.linalg import LinAlgError  # type: ignore[attr-defined]

from embedding.encoder import Encoder
from embedding.encoding import Tokens
from embedding.errors import FitError
from embedding.kernel import AccuracyGP

log = logging.getLogger(__name__)

NUMERICAL_ERRORS = (NotPSDError, NanError, LinAlgError, FitError)

FIRST_STEPS = 60
WARM_STEPS = 20
ENCODER_RATE = 0.004
KERNEL_RATE = 0.05
MORE_JITTER = 1e-4


class Surrogate(nn.Module):
    """An encoder and the GP of standardised accuracy over its embedding.

    Args:
        seed: draws the encoder's first weights.
        frozen: whether the encoder is kept as it is and the GP's hyperparameters alone fitted.
    """

    def __init__(self, seed: int, frozen: bool = False) -> None:
        super().__init__()
        self.encoder = Encoder.seeded(seed)
        self.gp = AccuracyGP()
        self.frozen = frozen
        self.fits = 0

    def embed(self, tokens: Tokens) -> Tensor:
        """Returns the embeddings, `n x EMBEDDING`, float64, without a graph."""
        with torch.no_grad():
            embedded: Tensor = self.encoder(tokens).double()
        return embedded

    def fit(self, tokens: Tokens, y: Tensor) -> bool:
        """Fits from where the last fit ended; a fit that fails leaves what it started from.

        A failure is tried once more with more jitter on the covariance's diagonal.

        Args:
            tokens: of the `n` trials to fit to.
            y: their standardised accuracies, `n`.

        Returns:
            Whether it was fitted. If not, the cause is logged.
        """
        before = self._copy()
        for jitter in (None, MORE_JITTER):
            try:
                with gpytorch.settings.cholesky_jitter(double_value=jitter):
                    self._fit(tokens, y)
                self.fits += 1
                return True
            except NUMERICAL_ERRORS as error:
                log.warning("a kernel's fit failed (jitter %s): %r", jitter, error)
                self.load(before)
        return False

    def _fit(self, tokens: Tokens, y: Tensor) -> None:
        likelihood = LeaveOneOutPseudoLikelihood(self.gp.likelihood, self.gp)
        groups = [{"params": list(self.gp.parameters()), "lr": KERNEL_RATE}]
        if not self.frozen:
            groups.append({"params": list(self.encoder.parameters()), "lr": ENCODER_RATE})
        optimizer = torch.optim.Adam(groups)
        fixed = self.embed(tokens)
        best, least = self._copy(), math.inf
        self.gp.train()
        for _ in range(WARM_STEPS if self.fits else FIRST_STEPS):
            x = fixed if self.frozen else self.encoder(tokens).double()
            self.gp.condition(x, y)
            loss = -likelihood(self.gp(x), self.gp.train_targets)
            if not torch.isfinite(loss):
                raise FitError(f"the leave-one-out likelihood is {loss.item()}")
            # A fresh optimizer's first steps can lead away from where a warm fit begins.
            if loss.item() < least:
                best, least = self._copy(), loss.item()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        self.load(best)

    def weights(self) -> dict[str, Tensor]:
        """Returns all that is fitted, by name: the encoder's weights, the hyperparameters."""
        return {name: value.detach() for name, value in self.named_parameters()}

    def _copy(self) -> dict[str, Tensor]:
        return {name: value.clone() for name, value in self.weights().items()}

    def load(self, weights: Mapping[str, Tensor]) -> None:
        """Takes over weights of the same names and shapes."""
        with torch.no_grad():
            for name, value in self.named_parameters():
                value.copy_(weights[name])
