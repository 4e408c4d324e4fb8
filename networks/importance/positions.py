"""Criteria that look at nothing but where a channel stands.

[Cao2019] Cao, Wang, Kitani, "Learnable Embedding Space for Efficient Neural Architecture
Compression", ICLR 2019, arXiv 1902.00383: its code keeps the first channels.
"""

from __future__ import annotations

import numpy as np

from networks.importance.ranking import Importance
from networks.space import Space


def first(space: Space) -> Importance:
    """The earlier in its group, the more important, as in ESNAC [Cao2019]."""
    units = space.channels.units
    return np.arange(units + 1, 0, -1, dtype=np.float64) - 1


def at_random(space: Space, seed: int) -> Importance:
    """Uniform from 0 to 1, the same for a seed on every machine."""
    return np.append(np.random.default_rng(seed).random(space.channels.units), 0.0)
