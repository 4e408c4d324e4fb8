"""The search over the learned embedding, by K kernels that take turns.

[Cao2019] S. Cao, X. Wang, K. Kitani. Learnable embedding space for efficient neural architecture
    compression. ICLR 2019; the multiple kernels are its section 4.3.
"""

import logging
from collections.abc import Mapping

import torch
from torch import Tensor

from embedding.acquisition import Scale, improvements, with_costs
from embedding.encoding import Tokens, encode
from embedding.first_trials import FIRST_TRIALS, first_trial
from embedding.history import History
from embedding.objective import Objective
from embedding.pool import draw_pool
from embedding.proposer import Proposer, SearchSettings
from embedding.saved import SavedEmbedding
from embedding.seeds import derive_seed, generator
from embedding.surrogate import NUMERICAL_ERRORS, Surrogate
from networks import Candidates, Space

log = logging.getLogger(__name__)

# Candidates that a kernel evaluates for one proposal, as [Cao2019].
CANDIDATES = 1000
# The best trials so far, which half of the draws start from.
PARENTS = 8
# With fewer outcomes there is nothing to fit.
LEAST_OBSERVED = 4
# Below this number of trials each kernel sees them all: half of them would be too few.
LEAST_HALVED = 16


class EmbeddingProposer(Proposer):
    """Proposes by expected improvement under kernel `t mod K` for trial number `t` [Cao2019].

    Each kernel is fitted on its own random half of the trials, and predicts from all of them.

    Args:
        space: of all students.
        objective: what is maximised, and the limits.
        settings: number of kernels and seed.
        start: kernels to start from; kernel `k` takes the saved one `k mod K`.
        frozen: whether the encoders are kept as they are.
    """

    def __init__(
        self,
        space: Space,
        objective: Objective,
        settings: SearchSettings,
        start: SavedEmbedding | None = None,
        frozen: bool = False,
    ) -> None:
        super().__init__(space, objective, settings)
        self._kernels = [
            Surrogate(derive_seed(settings.seed, "encoder", k), frozen)
            for k in range(settings.kernels)
        ]
        if start is not None:
            for k, kernel in enumerate(self._kernels):
                kernel.load(start.kernels[k % len(start.kernels)])
                kernel.fits = start.fits[k % len(start.fits)]

    def state(self) -> bytes:
        """Returns the kernels as they are."""
        return self.embedding({}).to_bytes()

    def embedding(self, provenance: Mapping[str, object]) -> SavedEmbedding:
        """Returns what a finished job saves for the next teacher.

        Args:
            provenance: JSON: which teacher, dataset and trials it learned from.
        """
        return SavedEmbedding(
            tuple({x: y.clone() for x, y in k.weights().items()} for k in self._kernels),
            tuple(k.fits for k in self._kernels),
            provenance,
        )

    def learn(self) -> bool:
        """Fits every kernel once more, to its half of all told trials, before it is saved.

        Returns:
            Whether any kernel could be fitted; none can to fewer than `LEAST_OBSERVED` outcomes.
        """
        if len(self._history.observed) < LEAST_OBSERVED:
            return False
        observed = self._tokens(self._history.observed)
        turns = range(len(self._kernels))
        fitted = [self._fit(turn, observed, self._history) for turn in turns]
        return any(fitted)

    def _propose(self, history: History) -> Candidates:
        number = history.trials
        first = number < FIRST_TRIALS or len(history.observed) < LEAST_OBSERVED
        pool = draw_pool(
            self.space,
            self.objective,
            history.taken,
            CANDIDATES,
            generator(self.settings.seed, "propose", number),
            None if first else self._best(history),
        )
        if len(pool) < 2:
            return pool
        if first:
            costs, table = self.space.costs(pool), self.space.table(pool)
            row = first_trial(costs, table, self.objective, number)
        else:
            row = self._choose(history, pool)
        return pool[row : row + 1]

    def _best(self, history: History) -> Candidates:
        value = self.objective.value(history.accuracy, self.space.costs(history.observed))
        return history.observed[value.topk(min(PARENTS, len(value))).indices]

    def _choose(self, history: History, pool: Candidates) -> int:
        """Returns the row of the pool that the kernel whose turn it is wants; or a random one."""
        number = history.trials
        turn = number % len(self._kernels)
        kernel = self._kernels[turn]
        scale = Scale.of(history.accuracy)
        y = scale.standardise(history.accuracy)
        observed = self._tokens(history.observed)
        self._fit(turn, observed, history)
        seed = derive_seed(self.settings.seed, "acquisition", number)
        try:
            x = with_costs(kernel.embed(observed), self.space.costs(history.observed))
            kernel.gp.condition(x, y)
            wanted = improvements(
                kernel.gp,
                self.objective,
                scale,
                candidates=self._inputs(kernel, pool),
                observed=x,
                pending=self._inputs(kernel, history.pending),
                seed=seed,
            )
        except NUMERICAL_ERRORS as error:
            log.warning("trial %d is proposed at random: kernel %d: %r", number, turn, error)
            return seed % len(pool)
        return int(wanted.argmax())

    def _fit(self, turn: int, observed: Tokens, history: History) -> bool:
        """Fits a kernel to its half of the observed trials; returns whether that worked."""
        half = self._half(history.numbers, turn)
        y = Scale.of(history.accuracy).standardise(history.accuracy)
        return self._kernels[turn].fit(observed.take(half), y[half])

    def _tokens(self, candidates: Candidates) -> Tokens:
        return encode(self.space.layers, self.space.table(candidates))

    def _inputs(self, kernel: Surrogate, candidates: Candidates) -> Tensor:
        return with_costs(kernel.embed(self._tokens(candidates)), self.space.costs(candidates))

    def _half(self, numbers: tuple[int, ...], turn: int) -> Tensor:
        """Returns the rows of a kernel's half: of each two consecutive numbers, one by lot.

        A trial stays in the halves it is in, so that kernels keep apart while they stay warm.
        """
        if len(numbers) < LEAST_HALVED:
            return torch.arange(len(numbers))
        purpose = f"half {turn}"
        drawn = [derive_seed(self.settings.seed, purpose, x // 2) & 1 == x & 1 for x in numbers]
        rows = torch.tensor(drawn).nonzero().squeeze(1)
        return rows if len(rows) >= LEAST_OBSERVED else torch.arange(len(numbers))
