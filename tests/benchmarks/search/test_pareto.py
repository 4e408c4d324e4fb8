from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.search.pareto import hypervolume, non_dominated

POINTS = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=8)


def test_the_hypervolume_is_the_area_of_the_steps() -> None:
    points = torch.tensor([[0.5, 0.8], [1.0, 0.2], [0.4, 0.7], [0.75, 0.4]])
    # Three steps, from the top: 0.4 high and 0.5 wide, 0.2 and 0.75, 0.2 and 1.
    assert hypervolume(points) == pytest.approx(0.4 * 0.5 + 0.2 * 0.75 + 0.2 * 1.0)


def test_points_below_the_reference_add_nothing() -> None:
    assert hypervolume(torch.tensor([[-1.0, 0.9], [0.9, -1.0]])) == 0


def test_equal_points_do_not_beat_each_other() -> None:
    points = torch.tensor([[0.5, 0.5], [0.5, 0.5], [0.5, 0.4]])
    assert non_dominated(points).tolist() == [True, True, False]


def test_of_one_outcome_the_largest_is_left() -> None:
    assert non_dominated(torch.tensor([[1.0], [3.0], [2.0]])).tolist() == [False, True, False]


@given(POINTS)
def test_the_front_alone_has_the_whole_hypervolume(points: list[tuple[float, float]]) -> None:
    outcomes = torch.tensor(points, dtype=torch.float64)
    front = outcomes[non_dominated(outcomes)]
    assert len(front)
    assert hypervolume(front) == pytest.approx(hypervolume(outcomes))
