"""What a surrogate makes of its search, for people: a map, and what random search would find."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from linear_operator.utils.cholesky import psd_safe_cholesky
from torch import Tensor

from embedding.acquisition import Posterior, costs_in
from embedding.expected_best import expected_best
from embedding.history import History
from embedding.objective import Objective
from embedding.outcome import accuracy_of
from embedding.principal import Components
from embedding.reading import Reader
from embedding.subset import best_and_spread
from embedding.surrogate import Surrogate
from networks import Candidates, Edits

# Random students that are looked at, and samples of what each of them may be worth.
DRAWN = 256
SAMPLES = 128
# The trials that are on a map, at most, beside those without a result; and how many make one.
MAPPED = 1000
LEAST_MAPPED = 3

Places = Mapping[int, tuple[float, float]]
"""Where trials are on a map, by their numbers."""


@dataclass(frozen=True)
class Map:
    """Trials by the two principal components of their embeddings.

    Attributes:
        explained: the share of the embeddings' variance along each.
        places: the trials'.
    """

    explained: tuple[float, float]
    places: Places


@dataclass(frozen=True)
class Outlook:
    """A surrogate as it was when this was made: another thread may look while the search goes on.

    Attributes:
        reader: reads by `surrogate`.
        surrogate: a copy, conditioned on what is known.
        objective: what is maximised.
        teacher_outcome: what outcomes are relative to.
        history: what was told.
        drawn: random students, as random search would draw them.
        seed: of the samples.
    """

    reader: Reader
    surrogate: Surrogate
    objective: Objective
    teacher_outcome: float
    history: History
    drawn: Candidates
    seed: int

    @property
    def trials(self) -> int:
        """How many trials' outcomes were told."""
        return len(self.history.numbers)

    @torch.no_grad()
    def random_search(self, evaluations: int) -> list[float]:
        """Returns the best value that is expected of 1, 2, … evaluations of random search.

        They are as many as students were drawn at the most. What is on record of a trial is a
        measurement, and the best of some is the luckiest of them, too. So each student's value is
        not its mean but sampled: with all students together (what is unknown of one is unknown of
        those like it), and with the noise between trainings. The best of the means would be less
        than any search can expect to see.
        """
        gp, x = self.surrogate.gp, self.reader.read(self.drawn).x
        posterior = Posterior(gp)
        predicted = posterior.at(x)
        root = psd_safe_cholesky(posterior.covariance(predicted, predicted))
        draws = torch.Generator().manual_seed(self.seed)
        normal = torch.randn(2, SAMPLES, len(x), generator=draws, dtype=torch.float64)
        outcomes = predicted.mean + normal[0] @ root.mT + normal[1] * gp.likelihood.noise.sqrt()
        accuracy = accuracy_of(self.teacher_outcome + outcomes)
        values = self.objective.value(accuracy, costs_in(x))
        return expected_best(values, evaluations).tolist()

    def map(self, trials: Mapping[int, Edits], before: Places) -> Map | None:
        """Returns the map of some trials; None if too few have a result, or nothing is embedded.

        The components are those of the trials with a result; the others are put beside them.

        Args:
            trials: their edits, by their numbers.
            before: where they were on the last map, which this one is to be no mirror image of.
        """
        told = [number for number in self._told() if number in trials]
        if len(told) < LEAST_MAPPED or not self.surrogate.layout.kernels:
            return None
        known = set(self.history.numbers)
        others = [number for number in trials if number not in known][-MAPPED:]
        numbers = told + others
        vectors = self._embedded([trials[number] for number in numbers])
        components = Components.of(vectors[: len(told)])
        rows = [row for row, number in enumerate(numbers) if number in before]
        if rows:
            places = [before[numbers[row]] for row in rows]
            components = components.like(vectors[rows], torch.tensor(places, dtype=torch.float64))
        first, second = components.explained.tolist()
        found = components.place(vectors).tolist()
        return Map((first, second), {n: (x, y) for n, (x, y) in zip(numbers, found, strict=True)})

    def _told(self) -> list[int]:
        """Returns the numbers of the trials with a result that are on the map."""
        costs = self.reader.space.costs(self.history.observed)
        value = self.objective.value(self.history.accuracy, costs)
        return [self.history.numbers[row] for row in best_and_spread(value, MAPPED).tolist()]

    def _embedded(self, edits: list[Edits]) -> Tensor:
        """Returns all encoders' embeddings side by side: their distance is what all of them see."""
        space = self.reader.space
        return self.surrogate.embed(space.tokens(space.candidates(edits)))
