from __future__ import annotations

import numpy as np

from networks.importance.positions import at_random, first
from tests.networks.importance.samples import sample


def test_first_falls_from_the_first_unit_to_the_last() -> None:
    space, _ = sample("transformer")
    found = first(space)
    assert found.shape == (space.channels.units + 1,)
    assert (np.diff(found) < 0).all()
    assert found[-1] == 0


def test_a_seed_draws_the_same_and_another_seed_something_else() -> None:
    space, _ = sample("transformer")
    found = at_random(space, 3)
    assert found.shape == (space.channels.units + 1,)
    np.testing.assert_array_equal(found, at_random(space, 3))
    assert (found[:-1] != at_random(space, 4)[:-1]).all()
