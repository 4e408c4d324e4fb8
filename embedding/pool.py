"""Candidates to choose from: feasible, distinct, and none that is taken."""

from collections.abc import Iterable

import torch
from torch import Tensor

from embedding.objective import Objective
from embedding.search_space import CandidateSpace
from networks import Candidates

# A round that finds nothing new tells little of a large space under tight constraints, so that a
# few of them in a row are needed to call it exhausted.
ROUNDS = 8
BARREN_ROUNDS = 3
LEAST_DRAWN = 256


def draw_pool(
    space: CandidateSpace,
    objective: Objective,
    taken: Iterable[bytes],
    size: int,
    generator: torch.Generator,
    parents: Candidates | None = None,
) -> Candidates:
    """Draws candidates by the space's random operations, and mutates the parents.

    Where these are too few (tight constraints, a small space), a random walk goes on from what was
    drawn, taken or not, and from the smallest student.

    Args:
        space: of all students.
        objective: whose limits and screen the candidates keep to.
        taken: keys that aren't wanted.
        size: how many to find.
        generator: of all draws.
        parents: what half of the draws mutate; without them, no draw does.

    Returns:
        At most `size` candidates; fewer if the space seems to hold no more.
    """
    pool = _Pool(space, objective, set(taken))
    drawn = max(size, LEAST_DRAWN)
    for _ in range(ROUNDS):
        if parents is not None and len(parents):
            pool.add(space.mutate(_pick(parents, drawn // 2, generator), generator))
        pool.add(space.sample(drawn, generator))
        if len(pool) >= size:
            return pool.found[:size]
    barren = 0
    while len(pool) < size and barren < BARREN_ROUNDS:
        sources = [pool.walked, space.smallest()] + ([] if parents is None else [parents])
        walkers = _pick(Candidates.cat(sources), drawn, generator)
        barren = 0 if pool.add(space.mutate(walkers, generator)) else barren + 1
    return pool.found[:size]


class _Pool:
    """Collects candidates and turns away those that don't belong.

    Attributes:
        walked: all feasible candidates that were drawn, each once.
        found: those of them that aren't taken.
    """

    def __init__(self, space: CandidateSpace, objective: Objective, taken: set[bytes]) -> None:
        self._space, self._objective, self._taken = space, objective, taken
        self._seen: set[bytes] = set()
        self.walked = self.found = space.teacher()[:0]

    def __len__(self) -> int:
        return len(self.found)

    def add(self, drawn: Candidates) -> int:
        """Keeps what is feasible and new; returns how many those are, taken ones included."""
        drawn = drawn[self._objective.allows(self._space, drawn)]
        fresh: list[int] = []
        free: list[int] = []
        for row, key in enumerate(self._space.keys(drawn)):
            if key not in self._seen:
                self._seen.add(key)
                fresh.append(row)
                if key not in self._taken:
                    free.append(row)
        self.walked = Candidates.cat([self.walked, drawn[_rows(fresh)]])
        self.found = Candidates.cat([self.found, drawn[_rows(free)]])
        return len(fresh)


def _rows(numbers: list[int]) -> Tensor:
    return torch.tensor(numbers, dtype=torch.int64)


def _pick(sources: Candidates, n: int, generator: torch.Generator) -> Candidates:
    """Returns `n` of the sources, with repetition."""
    return sources[torch.randint(len(sources), (n,), generator=generator)]
