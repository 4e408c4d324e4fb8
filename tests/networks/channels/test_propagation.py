from __future__ import annotations

import numpy as np
import pytest

from networks import Layer
from networks.channels.propagation import axis_of, compact, depends_on, integers_of, rank_of


@pytest.mark.parametrize(
    ("batch_dim", "axes"), [(0, [None, 0, 1]), (1, [0, None, 1]), (2, [0, 1, None])]
)
def test_axes_leave_the_batch_out(batch_dim: int, axes: list[int | None]) -> None:
    layer = Layer("a", "relu", (), (5, 6), batch_dim=batch_dim)
    assert rank_of(layer) == 3
    assert [axis_of(layer, dim) for dim in range(3)] == axes
    assert [axis_of(layer, dim - 3) for dim in range(3)] == axes


def test_without_a_batch_all_dimensions_are_axes() -> None:
    layer = Layer("a", "relu", (), (5, 6), batch_dim=None)
    assert [axis_of(layer, dim) for dim in (0, 1, -1)] == [0, 1, 1]


def test_labels_are_compact_along_what_they_do_not_depend_on() -> None:
    labels = np.broadcast_to(np.arange(3, dtype=np.int64)[:, None], (3, 4))
    assert compact(labels).shape == (3, 1)
    assert depends_on(compact(labels)) == [0]


def test_dimensions_may_be_one_or_several() -> None:
    assert integers_of(2) == [2]
    assert integers_of([1, -1]) == [1, -1]
    assert integers_of(None) is None
    assert integers_of([True]) is None
