import pytest
import torch
from botorch.posteriors.gpytorch import GPyTorchPosterior

from embedding.encoder import EMBEDDING
from embedding.kernel import LEAST_NOISE, AccuracyGP


def _data(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(n, EMBEDDING + 4, generator=generator, dtype=torch.float64)
    x[:, :EMBEDDING] /= x[:, :EMBEDDING].norm(dim=1, keepdim=True)
    return x, x[:, 0] - x[:, 1]


def test_the_posterior_is_the_closed_form() -> None:
    gp = AccuracyGP()
    x, y = _data(12)
    gp.condition(x[:9], y[:9])
    gp.mean_module.constant.data.fill_(0.3)
    z = x[:, :EMBEDDING]
    k = torch.exp(-0.5 * torch.cdist(z, z).square() / 0.4**2)
    noisy = k[:9, :9] + 0.05 * torch.eye(9)
    mean = 0.3 + k[9:, :9] @ torch.linalg.solve(noisy, y[:9] - 0.3)
    cov = k[9:, 9:] - k[9:, :9] @ torch.linalg.solve(noisy, k[:9, 9:])
    with torch.no_grad():
        posterior = gp.posterior(x[9:])
    torch.testing.assert_close(posterior.mean.squeeze(-1), mean)
    assert isinstance(posterior, GPyTorchPosterior)
    torch.testing.assert_close(posterior.distribution.covariance_matrix, cov)


def test_costs_behind_the_embedding_are_not_modelled() -> None:
    gp = AccuracyGP()
    x, y = _data(6)
    gp.condition(x, y)
    other = x.clone()
    other[:, EMBEDDING:] = 1e7
    with torch.no_grad():
        assert torch.equal(gp.posterior(x).mean, gp.posterior(other).mean)


def test_hyperparameters_start_at_the_priors_medians() -> None:
    gp = AccuracyGP()
    assert gp.likelihood.noise.item() == pytest.approx(0.05)
    assert gp.covar_module.base_kernel.lengthscale.item() == pytest.approx(0.4)
    assert all(value.dtype == torch.float64 for value in gp.parameters())
    gp.likelihood.noise_covar.raw_noise.data.fill_(-1e9)
    assert gp.likelihood.noise.item() == pytest.approx(LEAST_NOISE)


def test_outcomes_of_another_number_are_refused() -> None:
    x, y = _data(6)
    with pytest.raises(ValueError, match="an outcome an input"):
        AccuracyGP().condition(x, y[:5])
