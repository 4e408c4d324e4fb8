from itertools import combinations
from statistics import mean

import pytest
import torch

from embedding.expected_best import expected_best


def test_it_is_the_mean_over_all_choices() -> None:
    values = [0.3, 0.9, 0.1, 0.5, 0.5, 0.2]
    found = expected_best(torch.tensor([values]), 10)
    wanted = [mean(max(choice) for choice in combinations(values, n)) for n in range(1, 7)]
    assert found.tolist() == pytest.approx(wanted)


def test_samples_are_averaged_after_their_best_was_taken() -> None:
    values = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    assert expected_best(values, 2).tolist() == [0.5, 1.0]  # the best of the means would be 0.5


def test_no_more_draws_are_told_than_are_asked_for() -> None:
    assert len(expected_best(torch.rand(3, 9), 4)) == 4


def test_of_very_many_values_it_stays_between_them() -> None:
    values = torch.rand(4, 2000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = expected_best(values, 2000)
    assert found[0].item() == pytest.approx(values.mean().item())
    assert found[-1].item() == pytest.approx(values.max(1).values.mean().item())
    assert (found.diff() >= 0).all()
    # Of uniform draws: n / (n + 1).
    assert found[9].item() == pytest.approx(10 / 11, abs=0.01)
