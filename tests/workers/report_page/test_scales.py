import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.report_page.scales import Scale, cost_scale, value_scale

SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=50)
COSTS = st.lists(st.integers(1, 10**12), min_size=1, max_size=50)


def test_a_linear_axis() -> None:
    scale = Scale(10, 20, 100, 200, str)
    assert [scale.at(value) for value in (10, 15, 20)] == [100, 150, 200]
    assert [scale.at(value) for value in (-5, 99)] == [100, 200]
    assert Scale(0, 1, 200, 0, str).at(0.25) == 150
    assert scale.ticks() == [10, 12, 14, 16, 18, 20]


def test_a_logarithmic_axis() -> None:
    scale = Scale(1, 100, 0, 200, str, logarithmic=True)
    assert scale.at(10) == pytest.approx(100)
    assert scale.ticks() == pytest.approx([1, 2, 5, 10, 20, 50, 100])
    wide = Scale(1, 1e9, 0, 200, str, logarithmic=True)
    assert wide.ticks() == pytest.approx([1, 1e2, 1e4, 1e6, 1e8])


def test_a_few_low_values_don_t_squeeze_the_others() -> None:
    good = [0.9 + 0.001 * i for i in range(40)]
    scale = value_scale([*good, 0.1, 0.11], 300, 0, str)
    assert scale.low > 0.85
    assert scale.at(0.1) == scale.start
    assert value_scale(good, 300, 0, str).low < 0.9


def test_scores_may_exceed_one() -> None:
    assert value_scale([0.9, 1.02], 300, 0, str, most=math.inf).high > 1.02
    assert value_scale([0.9, 1.0], 300, 0, str).high == 1


def test_costs_that_differ_much_are_logarithmic() -> None:
    assert cost_scale([10, 10_000], 0, 1, str).logarithmic
    assert not cost_scale([10, 20], 0, 1, str).logarithmic
    assert not cost_scale([0, 10_000], 0, 1, str).logarithmic


@given(SHARES)
def test_every_axis_of_shares_can_be_drawn(shares: list[float]) -> None:
    _expect_drawable(value_scale(shares, 300, 0, str), shares)


@given(COSTS)
def test_every_axis_of_costs_can_be_drawn(costs: list[int]) -> None:
    scale = cost_scale(costs, 0, 300, str)
    _expect_drawable(scale, [float(cost) for cost in costs])
    assert scale.low <= min(costs) <= max(costs) <= scale.high


def _expect_drawable(scale: Scale, values: list[float]) -> None:
    assert scale.low < scale.high
    first, last = sorted((scale.start, scale.end))
    assert all(first <= scale.at(value) <= last for value in values)
    ticks = scale.ticks()
    assert len(ticks) <= 12
    assert all(scale.low * (1 - 1e-6) - 1e-9 <= tick <= scale.high * (1 + 1e-6) for tick in ticks)
