from __future__ import annotations

import numpy as np

from networks.channels.labels import FIXED
from networks.importance.ranking import Scored, rank_together, with_fallback
from tests.networks.importance.samples import group, sample


def test_the_scores_of_all_positions_of_a_unit_are_summed() -> None:
    space, _ = sample("residual")
    layers = [
        Scored(np.array([0, 1, 1, FIXED]), np.array([1.0, 2.0, 3.0, 9.0])),
        Scored(np.array([1, 2]), np.array([10.0, 20.0])),
    ]
    found = rank_together(space.channels, layers)
    assert found.tolist() == [1.0, 15.0, 20.0, 0.0, 0.0, 0.0, 0.0]


def test_what_is_no_number_counts_nothing() -> None:
    space, _ = sample("residual")
    layers = [
        Scored(np.arange(3), np.array([np.nan, np.inf, -np.inf])),
        Scored(np.arange(3), np.array([1.0, 2.0, 3.0])),
    ]
    assert rank_together(space.channels, layers)[:3].tolist() == [1.0, 2.0, 3.0]


def test_only_units_that_no_layer_scores_are_scored_by_the_fallback() -> None:
    space, _ = sample("transformer")
    stream, hidden = (group(space, each.name) for each in space.groups)
    everything = np.arange(space.channels.units)
    found = with_fallback(
        space.channels,
        [Scored(everything[stream], np.zeros(stream.stop - stream.start))],
        [Scored(everything, np.ones(len(everything)))],
    )
    assert (found[stream] == 0).all()
    assert (found[hidden] == 1).all()
