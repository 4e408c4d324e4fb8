"""The Gaussian process of a student's outcome, relative to its teacher's.

Priors are absolute: outcomes are logarithms of errors, features logarithms of sizes, so that their
relation has about one magnitude for all networks and data.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from botorch.models.gpytorch import GPyTorchModel
from gpytorch.constraints import GreaterThan
from gpytorch.distributions import MultivariateNormal
from gpytorch.kernels import Kernel
from gpytorch.likelihoods import GaussianLikelihood
from gpytorch.means import Mean
from gpytorch.models import ExactGP
from gpytorch.priors import LogNormalPrior, NormalPrior
from torch import Tensor, nn

from embedding.encoder import EMBEDDING
from embedding.objective import COSTS

# What an outcome loses with each halving of the parameters, and of the MACs: mean and standard
# deviation of the belief. Exponents of scaling laws are between 0.05 and 0.4.
SLOPES = (0.05, 0.1)
SLOPE_DEVIATIONS = (0.1, 0.15)

# The weight of an earlier search's guess: mean and standard deviation of the belief.
TRUST = 0.35
TRUST_DEVIATION = 0.35

NOISE_DEVIATION = 0.03  # between trainings, of the error
LEAST_NOISE = 1e-5


@dataclass(frozen=True)
class Layout:
    """Where in the model's input columns stand.

    First 1 for a student and 0 for the teacher, then the decisions, the logarithms of parameters
    and MACs relative to the teacher's, what an earlier search guesses (if there is a source), each
    encoder's embedding, and the costs.
    """

    decisions: int
    kernels: int
    sources: int = 0

    @property
    def plain(self) -> slice:
        """Decisions and logarithms of costs."""
        return slice(1, 3 + self.decisions)

    @property
    def logs(self) -> slice:
        """Logarithms of costs."""
        return slice(1 + self.decisions, 3 + self.decisions)

    @property
    def guesses(self) -> slice:
        """What an earlier search guesses."""
        return slice(3 + self.decisions, 3 + self.decisions + self.sources)

    @property
    def embeddings(self) -> slice:
        """All encoders' embeddings, one after the other."""
        begin = self.guesses.stop
        return slice(begin, begin + self.kernels * EMBEDDING)

    def of_encoder(self, turn: int) -> slice:
        """One encoder's embeddings."""
        begin = self.embeddings.start + turn * EMBEDDING
        return slice(begin, begin + EMBEDDING)

    @property
    def costs(self) -> slice:
        """What the objective reads."""
        return slice(-len(COSTS), None)


class CostMean(Mean):  # type: ignore[misc]
    """The mean: that smaller is worse, and a part of what an earlier search guesses.

    Attributes:
        believes: whether the guess counts.
    """

    believes = True

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self._layout = layout
        self.register_buffer("slopes", torch.tensor(SLOPES))

    def forward(self, x: Tensor) -> Tensor:
        """Returns the mean at `... x n x columns`: `... x n`."""
        guessed = x[..., self._layout.guesses].sum(-1)
        mean: Tensor = x[..., self._layout.logs] @ self.slopes.to(x)
        return mean + TRUST * guessed if self.believes else mean


HYPERPARAMETERS = {
    # name: mean and standard deviation of the prior, normal
    "log_variance": (2 * math.log(0.1), 3.0),
    "log_bends": (2 * math.log(0.7), 1.4),
    "log_length": (math.log(0.5), 0.6),
    "log_learned": (2 * math.log(0.7), 1.4),
    "log_learned_length": (math.log(0.4), 0.7),
    "log_offset": (2 * math.log(0.03), 3.0),
    "log_own": (2 * math.log(0.06), 1.5),
}
# Nearer than this, two candidates are the same.
SAME = 1e-9


class StudentKernel(Kernel):  # type: ignore[misc]
    """Straight lines in the plain features, bends over them, and bends over the embeddings.

    The sum of a linear kernel, an RBF kernel, and the mean of each encoder's RBF kernel; with what
    all students have in common (an offset to the teacher, which was trained in another way), and
    how sure the mean's slopes and an earlier search's guesses are; and with what each has for
    itself, which no feature tells and every training of it would show again. Variances of bends
    are relative to that of the lines.

    Attributes:
        believes: whether the guesses count.
    """

    believes = True

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.layout = layout
        self.register_buffer("slope_variances", torch.tensor(SLOPE_DEVIATIONS).square())
        for name, (mean, deviation) in HYPERPARAMETERS.items():
            self.register_parameter(name, nn.Parameter(torch.tensor(mean)))
            self.register_prior(f"{name}_prior", NormalPrior(mean, deviation), name)

    def forward(self, x1: Tensor, x2: Tensor, diag: bool = False, **_: object) -> Tensor:
        """Returns the covariance, `... x n x m`, or its diagonal, `... x n`."""
        if diag:
            return self._diagonal(x1)
        layout = self.layout
        a, b = x1[..., layout.plain], x2[..., layout.plain]
        d = a.shape[-1]
        apart = _apart(a, b)
        covariance = self.log_variance.exp() * (a @ b.mT / d) + self._all_bends(x1, x2, apart)
        logs = x1[..., layout.logs] * self.slope_variances.to(x1)
        student = x1[..., :1] @ x2[..., :1].mT
        covariance = covariance + logs @ x2[..., layout.logs].mT
        if self.believes:
            guesses = TRUST_DEVIATION**2 * x1[..., layout.guesses]
            covariance = covariance + guesses @ x2[..., layout.guesses].mT
        if layout.decisions:  # without them, two students of the same costs look the same
            covariance = covariance + self.log_own.exp() * (apart < SAME)
        result: Tensor = covariance + self.log_offset.exp() * student
        return result

    def _diagonal(self, x: Tensor) -> Tensor:
        """Returns the diagonal of the matrix of `x` with itself."""
        plain = x[..., self.layout.plain]
        ones = self.log_bends.exp()
        if self.layout.kernels:
            ones = ones + self.log_learned.exp()
        variance = self.log_variance.exp() * (plain.square().mean(-1) + ones)
        logs = (x[..., self.layout.logs].square() * self.slope_variances.to(x)).sum(-1)
        if self.layout.decisions:
            logs = logs + self.log_own.exp()
        if self.believes:
            logs = logs + TRUST_DEVIATION**2 * x[..., self.layout.guesses].square().sum(-1)
        diagonal: Tensor = variance + logs + self.log_offset.exp() * x[..., 0].square()
        return diagonal

    def bends(self, x1: Tensor, x2: Tensor) -> Tensor:
        """Returns the part of the covariance that is nothing far from what is known: `n x m`."""
        return self._all_bends(
            x1, x2, _apart(x1[..., self.layout.plain], x2[..., self.layout.plain])
        )

    def _all_bends(self, x1: Tensor, x2: Tensor, apart: Tensor) -> Tensor:
        d = x1[..., self.layout.plain].shape[-1]
        bends = self.log_bends.exp() * torch.exp(-0.5 * apart / (d * (2 * self.log_length).exp()))
        if self.layout.kernels:
            bends = bends + self.log_learned.exp() * self._learned(x1, x2)
        covariance: Tensor = self.log_variance.exp() * bends
        return covariance

    def _learned(self, x1: Tensor, x2: Tensor) -> Tensor:
        columns = [self.layout.of_encoder(turn) for turn in range(self.layout.kernels)]
        # One after the other: all at once they would take as many times the memory.
        bends = (_bends(x1[..., c], x2[..., c], self.log_learned_length) for c in columns)
        return functools.reduce(torch.add, bends) / self.layout.kernels

    def of_encoder(self, embedded: Tensor) -> Tensor:
        """Returns one encoder's part of the covariance, of its embeddings `n x EMBEDDING`.

        Its gradient is that of the embeddings alone.
        """
        part: Tensor = (self.log_variance + self.log_learned).detach().exp() / self.layout.kernels
        return part * _bends(embedded, embedded, self.log_learned_length.detach())


def _bends(a: Tensor, b: Tensor, log_length: Tensor) -> Tensor:
    """Returns the RBF kernel of vectors of norm 1, whose squared distance is 2 - 2 cos."""
    exponent: Tensor = (a @ b.mT - 1) / (2 * log_length).exp()
    return exponent.exp()


def _apart(a: Tensor, b: Tensor) -> Tensor:
    """Returns squared distances, `... x n x m`."""
    squares = a.square().sum(-1, keepdim=True) + b.square().sum(-1).unsqueeze(-2)
    return (squares - 2 * a @ b.mT).clamp(min=0)


class OutcomeGP(GPyTorchModel, ExactGP):  # type: ignore[misc]
    """An exact GP in double precision; all of its hyperparameters are fitted, under priors.

    What it is conditioned on includes the teacher, whose features and outcome are zero.
    """

    _num_outputs = 1
    set_train_data: Callable[..., None]

    def __init__(self, layout: Layout) -> None:
        noise = 2 * math.log(NOISE_DEVIATION)
        likelihood = GaussianLikelihood(
            noise_prior=LogNormalPrior(noise, 1.5),
            noise_constraint=GreaterThan(LEAST_NOISE, transform=torch.exp, inv_transform=torch.log),
        )
        super().__init__(None, None, likelihood)
        self.mean_module = CostMean(layout)
        self.covar_module = StudentKernel(layout)
        self.double()
        likelihood.noise = NOISE_DEVIATION**2

    def believe(self, guesses: bool) -> None:
        """Makes an earlier search's guesses count, or not."""
        self.mean_module.believes = self.covar_module.believes = guesses

    def forward(self, x: Tensor) -> MultivariateNormal:
        """Returns the prior at `x`, `... x n x columns`."""
        return MultivariateNormal(self.mean_module(x), self.covar_module(x))

    def condition(self, x: Tensor, y: Tensor) -> None:
        """Makes `x` (`n x columns`) and outcomes `y` (`n`) what the GP knows."""
        if x.shape[:-1] != y.shape:
            raise ValueError(f"expected an outcome an input, got {x.shape} and {y.shape}")
        self.set_train_data(x, y.to(torch.float64), strict=False)
