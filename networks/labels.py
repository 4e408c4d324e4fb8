"""Labels of channels, and which of them have been joined (a union-find over arrays)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LabelArray = npt.NDArray[np.int64]

FIXED = -1  # no label: always kept


class Labels:
    """Hands out labels, joins them, and freezes them."""

    def __init__(self) -> None:
        self._parent: list[int] = []
        self._frozen: set[int] = set()

    @property
    def count(self) -> int:
        """How many labels were handed out."""
        return len(self._parent)

    def fresh(self, n: int) -> LabelArray:
        """`n` new labels."""
        start = self.count
        self._parent.extend(range(start, start + n))
        return np.arange(start, start + n, dtype=np.int64)

    def join(self, first: LabelArray, second: LabelArray) -> None:
        """Joins two arrays of equal shape by position; a label joined to FIXED is frozen."""
        pairs = np.unique(np.stack([first.ravel(), second.ravel()]), axis=1)
        for a, b in pairs.T.tolist():
            if a == b:
                continue
            if FIXED in (a, b):
                self._frozen.add(max(a, b))
            else:
                low, high = sorted((self._find(a), self._find(b)))
                self._parent[high] = low

    def freeze(self, labels: LabelArray) -> None:
        """Marks labels as never to be dropped."""
        self._frozen.update(np.unique(labels).tolist())
        self._frozen.discard(FIXED)

    def _find(self, label: int) -> int:
        while self._parent[label] != label:
            self._parent[label] = self._parent[self._parent[label]]
            label = self._parent[label]
        return label

    def classes(self) -> LabelArray:
        """The class of each label: its smallest member, or FIXED where the class is frozen.

        The last entry is FIXED, so that indexing with FIXED (-1) gives FIXED.
        """
        frozen = {self._find(label) for label in self._frozen}
        roots = [self._find(label) for label in range(self.count)]
        return np.array([FIXED if r in frozen else r for r in roots] + [FIXED], dtype=np.int64)
