"""The surrogate: a GP of outcomes, and K encoders whose embeddings its kernel reads.

[Cao2019] as in `embedding.encoder`; the multiple kernels are its section 4.3.
[Wilson2016] A. G. Wilson, Z. Hu, R. Salakhutdinov, E. P. Xing. Deep kernel learning. AISTATS 2016.
"""

import logging
import math
import warnings
from collections.abc import Callable, Mapping, Sequence

import gpytorch
import torch
from botorch.exceptions.warnings import OptimizationWarning
from botorch.optim.fit import fit_gpytorch_mll_scipy
from gpytorch.mlls import ExactMarginalLogLikelihood
from linear_operator.utils.cholesky import psd_safe_cholesky
from linear_operator.utils.errors import NanError, NotPSDError
from torch import Tensor, nn
from torch.linalg import LinAlgError  # type: ignore[attr-defined]

from embedding.encoder import Encoder
from embedding.encoding import Tokens
from embedding.errors import FitError
from embedding.kernel import HYPERPARAMETERS, Layout, OutcomeGP
from embedding.seeds import derive_seed

log = logging.getLogger(__name__)

NUMERICAL_ERRORS = (NotPSDError, NanError, LinAlgError, FitError)

HYPERPARAMETER_STEPS = 25
# Standard deviations of a prior within which its hyperparameter is looked for.
WIDEST = 2.5
FIRST_STEPS = 30
WARM_STEPS = 5
ENCODER_RATE = 0.004
MORE_JITTER = 1e-4


class Surrogate(nn.Module):
    """K encoders, and the GP whose kernel averages over their embeddings.

    Args:
        decisions: how many decisions a candidate's features are.
        kernels: number of encoders, K.
        seed: draws the encoders' first weights.
        frozen: whether the encoders are kept as they are.
        sources: how many earlier searches guess: 0 or 1.
    """

    def __init__(
        self, decisions: int, kernels: int, seed: int, frozen: bool = False, sources: int = 0
    ) -> None:
        super().__init__()
        self.layout = Layout(decisions, kernels, sources)
        self.encoders = nn.ModuleList(
            Encoder.seeded(derive_seed(seed, "encoder", k)) for k in range(kernels)
        )
        self.gp = OutcomeGP(self.layout)
        self.frozen = frozen
        self.fits = [0] * kernels

    def embed(self, tokens: Tokens) -> Tensor:
        """Returns all encoders' embeddings, `n x K EMBEDDING`, float64, without a graph."""
        embedded = [self.embed_by(turn, tokens) for turn in range(len(self.encoders))]
        empty = torch.zeros(len(tokens.values), 0, dtype=torch.float64)
        return torch.cat([empty, *embedded], dim=1)

    def embed_by(self, turn: int, tokens: Tokens) -> Tensor:
        """Returns one encoder's embeddings, `n x EMBEDDING`, float64, without a graph."""
        with torch.no_grad():
            embedded: Tensor = self.encoders[turn](tokens).double()
        return embedded

    def fit(
        self, x: Tensor, y: Tensor, tokens: Tokens, turn: int, hyperparameters: bool = True
    ) -> Tensor:
        """Fits one encoder, then all hyperparameters; a fit that fails leaves what there was.

        Args:
            x: the GP's input, `n x columns`.
            y: outcomes, `n`.
            tokens: of the same `n`.
            turn: which encoder's it is.
            hyperparameters: whether they are fitted too.

        Returns:
            `x` with the fitted encoder's embeddings in it.
        """
        if self.layout.sources:
            self._guarded(lambda: self._weigh_guesses(x, y), x)
        if self.layout.kernels and not self.frozen:
            x = self._guarded(lambda: self._fit_encoder(x, y, tokens, turn), x)
        if not hyperparameters:
            return x
        return self._guarded(lambda: self._fit_hyperparameters(x, y), x)

    def _guarded(self, fit: Callable[[], Tensor], otherwise: Tensor) -> Tensor:
        before = {name: value.clone() for name, value in self.state_dict().items()}
        for jitter in (None, MORE_JITTER):
            try:
                with gpytorch.settings.cholesky_jitter(double_value=jitter):
                    return fit()
            except NUMERICAL_ERRORS as error:
                log.warning("a fit failed (jitter %s): %r", jitter, error)
                self.load_state_dict(before)
        return otherwise

    def _weigh_guesses(self, x: Tensor, y: Tensor) -> Tensor:
        """Believes an earlier search if the outcomes are at least as likely by its guesses."""
        before, likely = self.gp.mean_module.believes, []
        try:
            for believed in (False, True):
                self.gp.believe(believed)
                likely.append(self._evidence(x, y))
        except NUMERICAL_ERRORS:
            self.gp.believe(before)
            raise
        self.gp.believe(likely[1] >= likely[0])
        return x

    @torch.no_grad()
    def _evidence(self, x: Tensor, y: Tensor) -> float:
        """Returns the logarithm of the marginal likelihood, but for a constant."""
        covariance = self.gp.covar_module.forward(x, x)
        covariance.diagonal().add_(self.gp.likelihood.noise)
        root = psd_safe_cholesky(covariance)
        residual = (y - self.gp.mean_module(x)).unsqueeze(1)
        error = torch.linalg.solve_triangular(root, residual, upper=False)
        return -float(root.diagonal().log().sum() + 0.5 * error.square().sum())

    def _fit_hyperparameters(self, x: Tensor, y: Tensor) -> Tensor:
        self.gp.condition(x, y)
        self.gp.train()
        likelihood = ExactMarginalLogLikelihood(self.gp.likelihood, self.gp)
        # Steps of the line search far from all that the priors allow end in no covariance at all.
        bounds: dict[str, tuple[float | None, float | None]] = {
            f"model.covar_module.{name}": (mean - WIDEST * deviation, mean + WIDEST * deviation)
            for name, (mean, deviation) in HYPERPARAMETERS.items()
        }
        options = {"maxiter": HYPERPARAMETER_STEPS}
        with warnings.catch_warnings():
            # A line search that finds nothing better ends where it is: that is no failure.
            warnings.simplefilter("ignore", OptimizationWarning)
            found = fit_gpytorch_mll_scipy(likelihood, bounds=bounds, options=options)
        if not math.isfinite(found.fval):
            raise FitError(f"the marginal likelihood is {-found.fval}")
        self.gp.eval()
        return x

    def _fit_encoder(self, x: Tensor, y: Tensor, tokens: Tokens, turn: int) -> Tensor:
        """Takes steps up the marginal likelihood, whose other parts don't change meanwhile."""
        encoder = self.encoders[turn]
        optimizer = torch.optim.Adam(encoder.parameters(), lr=ENCODER_RATE)
        columns = self.layout.of_encoder(turn)
        with torch.no_grad():
            kernel, noise = self.gp.covar_module, self.gp.likelihood.noise
            others = kernel.forward(x, x) - kernel.of_encoder(x[:, columns])
            others.diagonal().add_(noise)
            residual = (y - self.gp.mean_module(x)).unsqueeze(1)
        best, least, result = None, math.inf, x
        for _ in range(WARM_STEPS if self.fits[turn] else FIRST_STEPS):
            embedded = encoder(tokens).double()
            root = psd_safe_cholesky(others + kernel.of_encoder(embedded))
            error = torch.linalg.solve_triangular(root, residual, upper=False)
            loss = (root.diagonal().log().sum() + 0.5 * error.square().sum()) / len(y)
            if not torch.isfinite(loss):
                raise FitError(f"the marginal likelihood is {-loss.item()}")
            if loss.item() < least:
                least, result = loss.item(), x.clone()
                result[:, columns] = embedded.detach()
                best = _copy(encoder)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if best is not None:
            encoder.load_state_dict(best)
        self.fits[turn] += 1
        return result

    def encoder_weights(self) -> tuple[dict[str, Tensor], ...]:
        """Returns a copy of each encoder's weights, by name."""
        return tuple(_copy(encoder) for encoder in self.encoders)

    def hyperparameters(self) -> dict[str, Tensor]:
        """Returns a copy of the GP's hyperparameters, by name."""
        return _copy(self.gp)

    def copy(self) -> "Surrogate":
        """Returns one of the same weights, which knows of no outcomes."""
        layout = self.layout
        copy = Surrogate(layout.decisions, layout.kernels, 0, self.frozen, layout.sources)
        copy.load_state_dict(self.state_dict())
        copy.gp.believe(self.gp.mean_module.believes)
        return copy

    def begin(
        self,
        encoders: Sequence[Mapping[str, Tensor]],
        fits: Sequence[int],
        hyperparameters: Mapping[str, Tensor],
    ) -> None:
        """Takes over what was fitted before: encoder `k` the weights `k mod` their number."""
        for k, encoder in enumerate(self.encoders if encoders else ()):
            encoder.load_state_dict(encoders[k % len(encoders)])
            self.fits[k] = fits[k % len(fits)]
        with torch.no_grad():
            for name, value in self.gp.named_parameters():
                value.copy_(hyperparameters[name])


def _copy(module: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in module.named_parameters()}
