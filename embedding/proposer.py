"""Ask/tell: what a search is, whatever its strategy."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from embedding.errors import InfeasibleConstraint, SpaceExhausted
from embedding.history import History, Observation
from embedding.objective import Objective
from embedding.pool import draw_pool
from embedding.search_space import SearchSpace
from embedding.seeds import generator
from networks import Candidates, Edits

Accepts = Callable[[Edits], bool]
"""Decides on one proposed candidate."""


@dataclass(frozen=True)
class SearchSettings:
    """How to search.

    Attributes:
        kernels: how many encoders take turns, `K >= 0`.
        seed: the job's.
    """

    kernels: int
    seed: int

    def __post_init__(self) -> None:
        if self.kernels < 0:
            raise ValueError(f"expected no fewer than 0 kernels, got {self.kernels}")


class Proposer(ABC):
    """Proposes candidates from what it is told of a job's trials.

    The same told trials and the same state give the same proposals: every draw's seed is derived
    from the job's seed and the next trial's number.

    Args:
        space: of all students.
        objective: what is maximised, and the limits.
        settings: number of kernels and seed.
        first: `m` candidates to begin with, in the place of the first `m` proposals; those that are
            taken, break a limit or are refused are left out.

    Raises:
        InfeasibleConstraint: if no student keeps to the objective's limits.
    """

    def __init__(
        self,
        space: SearchSpace,
        objective: Objective,
        settings: SearchSettings,
        first: Sequence[Edits] = (),
    ) -> None:
        self.space, self.objective, self.settings = space, objective, settings
        self._first = space.candidates(list(first))
        self._hashes: dict[bytes, str] = {}  # of the architectures by key, as far as asked for
        self.tell([], [])
        self._check_feasible()

    def _check_feasible(self) -> None:
        if bool(self.objective.allows(self.space, self.space.smallest())):
            return
        # The fewest parameters need not be the fewest MACs: see whether anything is feasible.
        draws = generator(self.settings.seed, "feasible", 0)
        if not len(draw_pool(self.space, self.objective, set(), 1, draws)):
            smallest = self.space.costs(self.space.smallest())
            names = ("params", "macs", "bytes")
            raise InfeasibleConstraint({x: int(getattr(smallest, x)) for x in names})

    def tell(self, completed: Sequence[Observation], pending: Sequence[Edits]) -> None:
        """Replaces what is known: all completed (or failed) and all pending trials of the job."""
        self._history = History.of(self.space, completed, pending)
        told = self.space.candidates([x.edits for x in completed] + list(pending))
        told = Candidates.cat([told, self.space.teacher()])
        self._taken = set(self._hashed(told))

    def ask(self, n: int, accepts: Accepts | None = None) -> list[Edits]:
        """Proposes `n` candidates; they count as pending until the next `tell`.

        Args:
            n: how many.
            accepts: measures what no cost tells; a refused candidate is passed over.

        Returns:
            Distinct and feasible edits, none of a trial that was told nor of the teacher itself.

        Raises:
            SpaceExhausted: if there are fewer; it carries those that there are.
        """
        found: list[Edits] = []
        for _ in range(n):
            candidate = self._next(accepts)
            if not len(candidate):
                raise SpaceExhausted(n, found)
            self._taken.update(self._hashed(candidate))
            self._history = self._history.proposed(self.space, candidate)
            found += self.space.edits(candidate)
        return found

    def _next(self, accepts: Accepts | None) -> Candidates:
        """Returns the next candidate, or none, passing over those that are taken or refused.

        Different edits may make one architecture: of two equal layers in a row it doesn't matter
        which one is removed.
        """
        while True:
            candidate = self._begin(self._history)
            if not len(candidate):
                candidate = self._propose(self._history)
            if not len(candidate):
                return candidate
            taken = not self._taken.isdisjoint(self._hashed(candidate))
            if not taken and (accepts is None or accepts(self.space.edits(candidate)[0])):
                return candidate
            self._history = self._history.refused(self.space, candidate)

    def _begin(self, history: History) -> Candidates:
        """Returns the next of the candidates to begin with, or none once as many were proposed."""
        if history.trials < len(self._first):
            allowed = self.objective.allows(self.space, self._first).tolist()
            for row, key in enumerate(self.space.keys(self._first)):
                if allowed[row] and key not in history.taken:
                    return self._first[row : row + 1]
        return self._first[:0]

    def _hashed(self, candidates: Candidates) -> list[str]:
        """Returns the hashes of `n` candidates' architectures."""
        keys = self.space.keys(candidates)
        for row, key in enumerate(keys):
            if key not in self._hashes:
                self._hashes[key] = self.space.hash(candidates[row : row + 1])
        return [self._hashes[key] for key in keys]

    @abstractmethod
    def _propose(self, history: History) -> Candidates:
        """Returns the next candidate, or none (`n = 0`) if there is none left."""

    @abstractmethod
    def state(self) -> bytes:
        """Returns what the next proposal depends on beside the trials; empty if nothing."""
