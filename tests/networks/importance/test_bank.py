from __future__ import annotations

import numpy as np
import pytest

from networks.importance import CRITERIA, importances
from tests.networks.importance.samples import MAKERS, batches, sample


@pytest.mark.parametrize("name", MAKERS)
def test_each_criterion_gives_a_number_for_each_unit(name: str) -> None:
    space, traced = sample(name)
    found = importances(space, traced.weights, batches(), seed=2)
    assert tuple(found) == CRITERIA
    for importance in found.values():
        assert importance.shape == (space.channels.units + 1,)
        assert importance.dtype == np.float64
        assert np.isfinite(importance).all()
    ranks = {importance[:-1].argsort().tobytes() for importance in found.values()}
    assert len(ranks) > 3


def test_the_same_again() -> None:
    space, traced = sample("mixed")
    first, again = (importances(space, traced.weights, batches(), seed=2) for _ in range(2))
    for criterion, importance in first.items():
        np.testing.assert_array_equal(importance, again[criterion])


def test_without_images_there_is_no_importance_by_data() -> None:
    space, traced = sample("mixed")
    with pytest.raises(ValueError, match="at least one batch"):
        importances(space, traced.weights, [], seed=0)
