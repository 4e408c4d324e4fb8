"""Channels of a group are ranked together: the scores of all layers that make them, as one number.

Scores are summed as they are. A layer whose scores are larger counts for more, as it does in the
sum of what a channel changes. To divide each layer's scores by their mean first was no better for
any criterion and worse for `taylor`, whose scores are all of one kind: changes of the loss
(benchmarks/RESULTS.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from networks.channels.groups import Channels, UnitArray
from networks.channels.labels import FIXED

Importance = npt.NDArray[np.float64]
"""One number a unit, the more the better, and 0 for `FIXED`: `units + 1`."""


class Scored(NamedTuple):
    """What one layer says of channels.

    Attributes:
        units: Of each position: `n`, with `FIXED` where nothing can be dropped.
        scores: Of each position: `n`, none negative.
    """

    units: UnitArray
    scores: npt.NDArray[np.float64]


def rank_together(channels: Channels, layers: Iterable[Scored]) -> Importance:
    """The sum of the layers' scores over all positions at which a unit stands.

    A score that is no finite number counts 0: the channel is worth nothing to that layer.
    """
    total = np.zeros(channels.units + 1)
    for units, scores in layers:
        present = units != FIXED
        finite = np.nan_to_num(scores[present], nan=0.0, posinf=0.0, neginf=0.0)
        np.add.at(total, units[present], finite)
    return total


def with_fallback(
    channels: Channels, layers: Iterable[Scored], fallback: Iterable[Scored]
) -> Importance:
    """As `rank_together`, for units that none of the `layers` scores by those of `fallback`."""
    first = list(layers)
    known = np.zeros(channels.units + 1, dtype=np.bool_)
    for units, _ in first:
        known[units] = True
    return np.where(known, rank_together(channels, first), rank_together(channels, fallback))
