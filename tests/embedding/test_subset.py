import torch
from hypothesis import given
from hypothesis import strategies as st

from embedding.subset import best_and_spread


@given(st.lists(st.integers(0, 9), max_size=40), st.integers(2, 40))
def test_rows_are_distinct_and_ascending_with_the_best_and_the_worst(
    values: list[int], most: int
) -> None:
    value = torch.tensor(values, dtype=torch.float64)
    rows = best_and_spread(value, most)
    assert len(rows) == min(most, len(values))
    assert (rows.diff() > 0).all()
    if len(values) > most > 3:
        best, kept = sorted(values)[-(most // 2) :], sorted(value[rows].tolist())
        assert kept[-(most // 2) :] == best
        assert kept[0] == min(values)


def test_the_others_are_spread_over_the_ranks() -> None:
    rows = best_and_spread(torch.arange(100, dtype=torch.float64), 10)
    assert rows.tolist() == [0, 24, 47, 70, 94, 95, 96, 97, 98, 99]


def test_of_equal_ones_the_first_count_as_best() -> None:
    assert best_and_spread(torch.zeros(9), 4).tolist() == [0, 1, 2, 8]
