import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from embedding.outcome import SLACK, accuracy_of, outcome

GRID = torch.linspace(0, 1, 101, dtype=torch.float64)
FRACTIONS = st.floats(0, 1)


@given(FRACTIONS)
def test_an_accuracy_comes_back_from_its_outcome(accuracy: float) -> None:
    there = outcome(torch.tensor(accuracy, dtype=torch.float64))
    assert accuracy_of(there).item() == pytest.approx(accuracy, abs=1e-12)


def test_more_accurate_is_more() -> None:
    assert (outcome(GRID).diff() > 0).all()


def test_nothing_and_everything_right_are_finite() -> None:
    ends = outcome(torch.tensor([0, 1], dtype=torch.float64))
    assert ends.tolist() == pytest.approx([-math.log(1 + SLACK), -math.log(SLACK)])


def test_half_the_error_is_as_much_wherever() -> None:
    errors = torch.tensor([0.8, 0.4, 0.2, 0.1], dtype=torch.float64) - SLACK
    steps = outcome(1 - errors).diff()
    torch.testing.assert_close(steps, torch.full((3,), math.log(2), dtype=torch.float64))


def test_no_outcome_means_more_than_all_or_less_than_nothing() -> None:
    far = accuracy_of(torch.tensor([-50.0, 50.0], dtype=torch.float64))
    assert far.tolist() == [0, 1]
