"""The Gaussian process of accuracy: an RBF kernel over the embedding.

The model's input carries each candidate's costs behind its embedding: the kernel reads the
embedding alone, the objective inside the acquisition reads the costs.
"""

import math
from collections.abc import Callable

import torch
from botorch.models.gpytorch import GPyTorchModel
from gpytorch.constraints import GreaterThan
from gpytorch.distributions import MultivariateNormal
from gpytorch.kernels import RBFKernel, ScaleKernel
from gpytorch.likelihoods import GaussianLikelihood
from gpytorch.means import ConstantMean
from gpytorch.models import ExactGP
from gpytorch.priors import LogNormalPrior, NormalPrior
from torch import Tensor

from embedding.encoder import EMBEDDING

# Outcomes have variance 1. Below this noise a repeated training run would have to agree with
# itself to 1% of the spread between networks, and the covariance would be badly conditioned.
LEAST_NOISE = 1e-4


class AccuracyGP(GPyTorchModel, ExactGP):  # type: ignore[misc]
    """An exact GP in double precision with weak priors on all that is fitted.

    The mean is a constant with a wide prior. Embeddings lie on the unit sphere, at most 2 apart:
    the length scale's prior has its median at a fifth of that.
    """

    _num_outputs = 1
    mean_module: ConstantMean
    covar_module: ScaleKernel
    set_train_data: Callable[..., None]

    def __init__(self) -> None:
        likelihood = GaussianLikelihood(
            noise_prior=LogNormalPrior(math.log(0.05), 1.5),
            noise_constraint=GreaterThan(LEAST_NOISE),
        )
        super().__init__(None, None, likelihood)
        self.mean_module = ConstantMean(constant_prior=NormalPrior(0.0, 2.0))
        self.covar_module = ScaleKernel(
            RBFKernel(lengthscale_prior=LogNormalPrior(math.log(0.4), 1.0)),
            outputscale_prior=LogNormalPrior(0.0, 1.0),
        )
        self.double()
        self.covar_module.base_kernel.lengthscale = 0.4
        self.covar_module.outputscale = 1.0
        likelihood.noise = 0.05

    def forward(self, x: Tensor) -> MultivariateNormal:
        """Returns the prior at `x`, `... x n x d` whose first columns are the embedding."""
        z = x[..., :EMBEDDING]
        return MultivariateNormal(self.mean_module(z), self.covar_module(z))

    def condition(self, x: Tensor, y: Tensor) -> None:
        """Makes `x` (`n x d`) and standardised accuracies `y` (`n`) what the GP knows."""
        if x.shape[:-1] != y.shape:
            raise ValueError(f"expected an outcome an input, got {x.shape} and {y.shape}")
        self.set_train_data(x, y.to(torch.float64), strict=False)
