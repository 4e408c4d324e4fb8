from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillhouse.bars import bar, sparkline


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "    "), (0.5, "██  "), (0.53, "██▏ "), (1.0, "████"), (2.0, "████"), (0.0001, "▏   ")],
)
def test_bars(share: float, text: str) -> None:
    assert bar(share, 4) == text


@given(st.floats(-1, 2), st.integers(1, 40))
def test_a_bar_keeps_its_width(share: float, width: int) -> None:
    assert len(bar(share, width)) == width


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([], ""),
        ([3.0], "▁"),
        ([2.0, 2.0], "▁▁"),
        ([0.0, 0.5, 1.0], "▁▅█"),
        (list(range(9)), "▁▃▅▆█"),
    ],
)
def test_sparklines(values: list[float], text: str) -> None:
    assert sparkline(values, 5) == text


@given(st.lists(st.floats(0, 1), min_size=1), st.integers(2, 30))
def test_a_sparkline_ends_where_the_history_ends(values: list[float], width: int) -> None:
    line = sparkline(values, width)
    assert len(line) == min(len(values), width)
    if values[-1] == max(values) > min(values):
        assert line[-1] == "█"
