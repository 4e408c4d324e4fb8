"""The search over the learned embedding.

[Cao2019] S. Cao, X. Wang, K. Kitani. Learnable embedding space for efficient neural architecture
    compression. ICLR 2019.
"""

import logging
from collections.abc import Mapping, Sequence

import torch
from botorch.utils.multi_objective.pareto import is_non_dominated
from torch import Tensor

from embedding.acquisition import Acquisition, improvement
from embedding.history import History, Observation
from embedding.objective import Objective
from embedding.outcome import outcome
from embedding.outlook import DRAWN, Outlook
from embedding.pareto import pareto_improvement
from embedding.pool import draw_pool
from embedding.proposer import Proposer, SearchSettings
from embedding.reading import Reader, Reading
from embedding.saved import Findings, SavedEmbedding
from embedding.search_space import SearchSpace
from embedding.seeds import derive_seed, generator
from embedding.source import Source
from embedding.subset import best_and_spread
from embedding.surrogate import NUMERICAL_ERRORS, Surrogate
from networks import Candidates, Edits

log = logging.getLogger(__name__)

# Candidates that are drawn for one proposal, as [Cao2019] for each of its kernels.
CANDIDATES = 1000
# The best trials so far, which half of the draws start from.
PARENTS = 8
# Then the best of the drawn ones are mutated, this often, this many, into this many.
CLIMBS = 2
CLIMBERS = 10
STEPS = 100
# The trials that encoders and hyperparameters are fitted to, at most, and those that are known to
# the GP: the best half and an even spread of the others. A step of a fit takes the cube of the
# first, and memory the square of the second.
FITTED = 256
KNOWN = 1500


class EmbeddingProposer(Proposer):
    """Proposes by expected improvement under a GP that K encoders' embeddings are part of.

    For trial number `t`, encoder `t mod K` learns from all trials first. The teacher is what the
    search knows before its first trial: with how a network's error depends on its size, that is
    enough to begin.

    Args:
        space: of all students.
        objective: what is maximised, and the limits.
        settings: number of kernels and seed.
        start: encoders to start from; encoder `k` takes the saved one `k mod K`.
        frozen: whether the encoders are kept as they are.
        source: an earlier search, which guesses what this one doesn't know yet.
        first: candidates to begin with.
    """

    def __init__(
        self,
        space: SearchSpace,
        objective: Objective,
        settings: SearchSettings,
        start: SavedEmbedding | None = None,
        frozen: bool = False,
        source: Source | None = None,
        first: Sequence[Edits] = (),
    ) -> None:
        self._pool: Reading | None = None
        self._fitted: int | None = None  # the trial number of the last fit of this round
        self._observed: tuple[Reading, Tensor, Tensor] | None = None
        self._drawn: Candidates | None = None  # random students, for the outlook
        super().__init__(space, objective, settings, first)
        accuracy = torch.tensor(objective.teacher_accuracy, dtype=torch.float64)
        self._teacher_outcome = outcome(accuracy).item()
        decisions = space.features(space.teacher()).shape[1]
        self._surrogate = Surrogate(
            decisions, settings.kernels, settings.seed, frozen, sources=int(source is not None)
        )
        self._reader = Reader(space, self._surrogate, source)
        if start is not None:
            self._surrogate.begin(start.kernels, start.fits, start.hyperparameters)

    def state(self) -> bytes:
        """Returns the encoders and hyperparameters as they are."""
        return self._saved({}, findings=None).to_bytes()

    def embedding(self, provenance: Mapping[str, object]) -> SavedEmbedding:
        """Returns what a finished job saves for the next teacher.

        Args:
            provenance: JSON: which teacher, dataset and trials it learned from.
        """
        return self._saved(provenance, self._findings())

    def _saved(self, provenance: Mapping[str, object], findings: Findings | None) -> SavedEmbedding:
        surrogate = self._surrogate
        return SavedEmbedding(
            surrogate.encoder_weights(),
            tuple(surrogate.fits),
            surrogate.hyperparameters(),
            provenance,
            findings,
        )

    def _findings(self) -> Findings | None:
        """Returns the trials as another teacher's search can read them; none without any."""
        if not len(self._history.observed):
            return None
        known, y, rows = self._observations(self._history)
        layout, x = self._surrogate.layout, known.x[rows]
        shared = torch.cat([x[:, :1], x[:, layout.logs], x[:, layout.embeddings]], dim=1)
        reads = Surrogate(0, self.settings.kernels, seed=0, frozen=True)
        reads.begin((), (), self._surrogate.hyperparameters())
        reads.fit(shared, y[rows], known.tokens.take(rows), turn=0)
        return Findings(shared, y[rows], reads.hyperparameters())

    def learn(self) -> bool:
        """Fits every encoder once more, to all told trials, before it is saved.

        Returns:
            Whether there was any trial to learn from.
        """
        if not len(self._history.observed):
            return False
        last = max(1, self.settings.kernels) - 1
        for turn in range(last + 1):
            self._fit(self._history, turn, hyperparameters=turn == last)
        return True

    def outlook(self) -> Outlook | None:
        """Returns what the surrogate makes of what was told last; None if no trial has a result."""
        if not len(self._history.observed):
            return None
        known, y, _ = self._observations(self._history)
        surrogate = self._surrogate.copy()
        surrogate.gp.condition(known.x, y)
        surrogate.gp.eval()
        if self._drawn is None:
            draws = generator(self.settings.seed, "outlook", 0)
            taken = self.space.keys(self.space.teacher())
            self._drawn = draw_pool(self.space, self.objective, taken, DRAWN, draws)
        return Outlook(
            self._reader.of(surrogate),
            surrogate,
            self.objective,
            self._teacher_outcome,
            self._history,
            self._drawn,
            derive_seed(self.settings.seed, "outlook", 1),
        )

    def tell(self, completed: Sequence[Observation], pending: Sequence[Edits]) -> None:
        """As `Proposer.tell`; the candidates of the last round are forgotten."""
        super().tell(completed, pending)
        self._pool = None
        self._observed = None
        self._fitted = None

    def _propose(self, history: History) -> Candidates:
        number = history.trials
        draws = generator(self.settings.seed, "propose", number)
        pool = self._candidates(history, draws)
        if len(pool) < 2:
            return pool.candidates
        try:
            if number != self._fitted:  # it is where the candidate before was refused
                # Of one round's proposals, which know the same trials, the first one fits them.
                first = self._fitted is None
                self._fit(history, number % max(1, self.settings.kernels), hyperparameters=first)
                self._fitted = number
            return self._climb(self._acquisition(history), history, draws)
        except NUMERICAL_ERRORS as error:
            log.warning("trial %d is proposed at random: %r", number, error)
            return pool.candidates[:1]

    def _candidates(self, history: History, draws: torch.Generator) -> Reading:
        """Returns what may be proposed: what is left of the round's pool, or a new one."""
        if self._pool is not None:
            keys = self.space.keys(self._pool.candidates)
            free = torch.tensor([key not in history.taken for key in keys], dtype=torch.bool)
            self._pool = self._pool.take(free)
        if self._pool is None or len(self._pool) < 2:
            parents = self._best(history)
            drawn = draw_pool(
                self.space, self.objective, history.taken, CANDIDATES, draws, parents=parents
            )
            self._pool = self._reader.read(drawn)
        return self._pool

    def _best(self, history: History) -> Candidates | None:
        """Returns the best trials, of a Pareto set some that are spread over it."""
        if not len(history.observed):
            return None
        if self.objective.kind != "pareto":
            value = self._value(history)
            return history.observed[value.topk(min(PARENTS, len(value))).indices]
        rows = self._is_best(history).nonzero().squeeze(1)
        rows = rows[history.accuracy[rows].argsort()]
        even = torch.linspace(0, len(rows) - 1, min(PARENTS, len(rows)))
        return history.observed[rows[even.round().long()]]

    def _is_best(self, history: History) -> Tensor:
        """Returns which trials are in the Pareto set."""
        values = self.objective.values(history.accuracy, self.space.costs(history.observed))
        return is_non_dominated(values)

    def _value(self, history: History) -> Tensor:
        return self.objective.value(history.accuracy, self.space.costs(history.observed))

    def _fit(self, history: History, turn: int, hyperparameters: bool) -> None:
        """Fits to the teacher, which comes first, and observed trials; conditions on them."""
        known, y, rows = self._observations(history)
        fitted = known.take(rows)
        self._surrogate.fit(fitted.x, y[rows], fitted.tokens, turn, hyperparameters)
        self._observed = self._reader.again(known, turn), y, rows
        self._surrogate.gp.condition(self._observed[0].x, y)
        self._surrogate.gp.eval()
        if self._pool is not None:
            self._pool = self._reader.again(self._pool, turn)

    def _observations(self, history: History) -> tuple[Reading, Tensor, Tensor]:
        """Returns the teacher and the known trials, their outcomes, and the rows to fit to."""
        if self._observed is None:
            value = self._value(history)
            if self.objective.kind == "pareto":  # none of the set is left out for its score
                value = value + self._is_best(history)
            known = best_and_spread(value, KNOWN)
            first = torch.zeros(1, dtype=torch.int64)
            rows = torch.cat([first, 1 + best_and_spread(value[known], FITTED)])
            reading = self._reader.read(
                Candidates.cat([self.space.teacher(), history.observed[known]])
            )
            reading.x[0, 0] = 0
            reading.x[0, self._surrogate.layout.guesses] = 0
            y = outcome(history.accuracy[known]) - self._teacher_outcome
            self._observed = reading, torch.cat([y.new_zeros(1), y]), rows
        return self._observed

    def _acquisition(self, history: History) -> Acquisition:
        assert self._observed is not None
        x = self._observed[0].x
        pareto = self.objective.kind == "pareto"
        return (pareto_improvement if pareto else improvement)(
            self._surrogate.gp,
            self.objective,
            self._teacher_outcome,
            # The teacher is no student, but until there is one it is to be beaten.
            observed=x[1:] if len(x) > 1 else x,
            pending=self._reader.read(history.pending).x,
            seed=derive_seed(self.settings.seed, "acquisition", history.trials),
        )

    def _climb(self, wants: Acquisition, history: History, draws: torch.Generator) -> Candidates:
        """Returns the best of the pool and of what a few steps from its best ones lead to."""
        assert self._pool is not None
        pool, wanted = self._pool.candidates, wants(self._pool.x)
        taken = set(history.taken) | set(self.space.keys(pool))
        for _ in range(CLIMBS):
            best = wanted.topk(min(CLIMBERS, len(pool))).indices
            drawn = best[torch.randint(len(best), (STEPS,), generator=draws)]
            near = self._fresh(self.space.mutate(pool[drawn], draws), taken)
            if not len(near):
                break
            pool = Candidates.cat([pool[best], near])
            wanted = torch.cat([wanted[best], wants(self._reader.read(near).x)])
        row = int(wanted.argmax())
        return pool[row : row + 1]

    def _fresh(self, candidates: Candidates, taken: set[bytes]) -> Candidates:
        """Returns those that are allowed and not taken, each once; from now on they are."""
        candidates = candidates[self.objective.allows(self.space, candidates)]
        rows = []
        for row, key in enumerate(self.space.keys(candidates)):
            if key not in taken:
                taken.add(key)
                rows.append(row)
        return candidates[torch.tensor(rows, dtype=torch.int64)]
