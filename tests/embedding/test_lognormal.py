import pytest
import torch

from embedding.lognormal import NEVER, log_put


@pytest.mark.parametrize("deviation", [0.01, 0.3, 1.5])
@pytest.mark.parametrize("strike", [0.05, 0.5, 0.6, 1.0, 3.0])
def test_it_is_the_mean_of_what_is_sampled(strike: float, deviation: float) -> None:
    mean = -0.6
    n = 1_000_000
    z = torch.special.ndtri((torch.arange(n, dtype=torch.float64) + 0.5) / n)
    sampled = (strike - (mean + deviation * z).exp()).clamp(min=0).mean()
    found = log_put(*(torch.tensor(x, dtype=torch.float64) for x in (strike, mean, deviation)))
    if sampled > 1e-9:
        assert found.exp().item() == pytest.approx(sampled.item(), rel=2e-3)
    else:
        assert found.exp() < 1e-8


def test_far_from_any_improvement_it_still_tells_which_is_nearer() -> None:
    strikes = torch.tensor([1e-3, 1e-2, 0.1, 0.2], dtype=torch.float64)
    found = log_put(strikes, torch.zeros(4).double(), torch.full((4,), 0.05).double())
    assert torch.isfinite(found).all()
    assert (found.diff() > 1).all()


def test_what_is_below_nothing_never_improves() -> None:
    strikes = torch.tensor([0.0, -1.0], dtype=torch.float64)
    assert log_put(strikes, torch.zeros(2).double(), torch.ones(2).double()).tolist() == [NEVER] * 2
