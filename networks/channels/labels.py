"""Labels of channels, and which of them have been joined (components of a graph)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

LabelArray = npt.NDArray[np.int64]

FIXED = -1  # no label: always kept


class Labels:
    """Hands out labels, joins them, and freezes them."""

    def __init__(self) -> None:
        self.count = 0  # how many labels were handed out
        self._pairs: list[LabelArray] = []  # each `2 x n`: what was joined
        self._frozen: list[LabelArray] = []

    def fresh(self, n: int) -> LabelArray:
        """`n` new labels."""
        self.count += n
        return np.arange(self.count - n, self.count, dtype=np.int64)

    def join(self, first: LabelArray, second: LabelArray) -> None:
        """Joins two arrays of equal shape by position; a label joined to FIXED is frozen."""
        if first is second:
            return
        pairs = np.stack([first.ravel(), second.ravel()])
        fixed = (pairs == FIXED).any(axis=0)
        self._frozen.append(pairs[:, fixed].max(axis=0))
        self._pairs.append(pairs[:, ~fixed & (pairs[0] != pairs[1])])

    def freeze(self, labels: LabelArray) -> None:
        """Marks labels as never to be dropped."""
        self._frozen.append(labels.ravel())

    def classes(self) -> LabelArray:
        """The class of each label: its smallest member, or FIXED where the class is frozen.

        The last entry is FIXED, so that indexing with FIXED (-1) gives FIXED.
        """
        none = np.zeros(0, dtype=np.int64)
        first, second = np.concatenate([none.reshape(2, 0), *self._pairs], axis=1)
        size = (self.count, self.count)
        graph = coo_array((np.ones(len(first), dtype=np.bool_), (first, second)), shape=size)
        _, component = connected_components(graph, directed=False)
        smallest = np.full(self.count, self.count, dtype=np.int64)
        np.minimum.at(smallest, component, np.arange(self.count))
        frozen = np.concatenate([none, *self._frozen])
        smallest[component[frozen[frozen != FIXED]]] = FIXED
        return np.append(smallest[component], FIXED)
