import pytest
import torch
from torch import Tensor

from networks.latency_predictor import LatencyPredictor

TIMES = torch.tensor([3e-6, 2e-5, 0.0, 0.01], dtype=torch.float64)


def features(n: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    sizes = torch.exp(2 * torch.randn(n, 3, generator=generator))
    layers = torch.randint(5, 40, (n, 1), generator=generator)
    return torch.cat([sizes * torch.tensor([1e6, 1e4, 1e5]), layers], dim=1).float()


def test_a_sum_over_kinds_of_work_is_found_again() -> None:
    ms = features(12).double() @ TIMES
    predictor = LatencyPredictor(features(12), ms)
    others = features(50, seed=1)
    expected = others.double() @ TIMES
    assert (predictor(others) / expected - 1).abs().median() < 0.02
    assert predictor.error.median < 0.05
    assert predictor.error.measured == 12


def test_noise_shows_in_the_error() -> None:
    generator = torch.Generator().manual_seed(2)
    noise = torch.exp(0.3 * torch.randn(12, generator=generator, dtype=torch.float64))
    predictor = LatencyPredictor(features(12), features(12).double() @ TIMES * noise)
    assert 0.05 < predictor.error.median < 0.6
    assert predictor.error.median < predictor.error.p90


def test_what_the_sum_leaves_is_learned() -> None:
    def root_of_the_work(rows: Tensor) -> Tensor:
        return (rows[:, 0].double() / 1e6).sqrt() + 0.1 * rows.double() @ TIMES

    predictor = LatencyPredictor(features(60), root_of_the_work(features(60)))
    others = features(60, seed=1)
    error = (predictor(others) / root_of_the_work(others) - 1).abs().median()
    assert error < 0.15  # the sum alone is off by 0.23


def test_more_work_of_every_kind_is_never_predicted_to_be_faster() -> None:
    ms = features(10).double() @ TIMES
    predictor = LatencyPredictor(features(10), ms)
    sizes = torch.linspace(1, 20, 30)[:, None] * torch.tensor([1e6, 1e4, 1e5, 10.0])
    predicted = predictor(sizes)
    assert bool((predicted.diff() >= 0).all())


def test_two_measurements_are_enough_to_predict_something() -> None:
    rows = torch.tensor([[1e6, 1e4, 1e5, 10.0], [4e6, 4e4, 4e5, 40.0]])
    predictor = LatencyPredictor(rows, torch.tensor([1.0, 4.0]))
    (between,) = predictor(rows.mean(dim=0, keepdim=True)).tolist()
    assert 1 < between < 4


@pytest.mark.parametrize("ms", [[1.0], [1.0, 0.0], []])
def test_too_little_to_fit_is_an_error(ms: list[float]) -> None:
    with pytest.raises(ValueError, match=r"too few|positive"):
        LatencyPredictor(features(len(ms)), torch.tensor(ms))
