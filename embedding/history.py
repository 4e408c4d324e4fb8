"""What the search knows of a job's trials."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from embedding.search_space import CandidateSpace
from networks import Candidates, Edits


@dataclass(frozen=True)
class Observation:
    """A finished trial.

    A failed one (accuracy `None`) is never proposed again, and not modelled either: it says
    nothing of how accurate the student would have been, and counted as the worst it would turn
    the search away from all that resembles it because of a worker that died.

    Raises:
        ValueError: if the accuracy is no fraction.
    """

    number: int
    edits: Edits
    accuracy: float | None

    def __post_init__(self) -> None:
        if self.accuracy is not None and not (
            math.isfinite(self.accuracy) and 0 <= self.accuracy <= 1
        ):
            raise ValueError(f"trial {self.number}: expected a fraction, got {self.accuracy}")


@dataclass(frozen=True)
class History:
    """A job's trials, as the search reads them.

    Attributes:
        numbers: of the `n` trials that have an accuracy, ascending.
        observed: those `n` candidates.
        accuracy: theirs, `n`, float64.
        pending: the candidates of trials under way.
        taken: keys of all trials and of the teacher, which aren't to be proposed.
        trials: how many trials there are, whatever became of them: the next one's number.
    """

    numbers: tuple[int, ...]
    observed: Candidates
    accuracy: Tensor
    pending: Candidates
    taken: frozenset[bytes]
    trials: int

    @classmethod
    def of(
        cls, space: CandidateSpace, completed: Sequence[Observation], pending: Sequence[Edits]
    ) -> "History":
        """Returns the history; the order of `completed` doesn't matter."""
        ordered = sorted(completed, key=lambda x: x.number)
        everything = space.candidates([x.edits for x in ordered] + list(pending))
        good = [(row, x) for row, x in enumerate(ordered) if x.accuracy is not None]
        return cls(
            numbers=tuple(x.number for _, x in good),
            observed=everything[torch.tensor([row for row, _ in good], dtype=torch.int64)],
            accuracy=torch.tensor([x.accuracy for _, x in good], dtype=torch.float64),
            pending=everything[len(ordered) :],
            taken=frozenset(space.keys(Candidates.cat([everything, space.teacher()]))),
            trials=len(everything),
        )

    def proposed(self, space: CandidateSpace, candidate: Candidates) -> "History":
        """Returns the history in which one more candidate (`n = 1`) is pending."""
        return History(
            numbers=self.numbers,
            observed=self.observed,
            accuracy=self.accuracy,
            pending=Candidates.cat([self.pending, candidate]),
            taken=self.taken.union(space.keys(candidate)),
            trials=self.trials + 1,
        )

    def refused(self, space: CandidateSpace, candidate: Candidates) -> "History":
        """Returns the history in which one more candidate (`n = 1`) isn't to be proposed."""
        return replace(self, taken=self.taken.union(space.keys(candidate)))
