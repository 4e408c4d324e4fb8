"""Optuna's tree-structured Parzen estimator and its Gaussian process sampler.

[Bergstra2011] J. Bergstra, R. Bardenet, Y. Bengio, B. Kégl. Algorithms for hyper-parameter
    optimization. NeurIPS 2011.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.samplers import BaseSampler, GPSampler, TPESampler
from optuna.trial import Trial

from benchmarks.search.peers.known_teacher import helps_a_gaussian_process
from benchmarks.search.rows import Rows
from benchmarks.search.tasks import Task
from benchmarks.tables import Table
from embedding import derive_seed

# Both samplers' own number of trials before they begin to model.
FIRST = 10
# Proposals that are rejected for free before the nearest row is taken. A proposal of the Gaussian
# process takes a hundred times as long.
TPE_TRIES = 40
GP_TRIES = 4


class OptunaSearch:
    """A study that is asked and told.

    Kinds are categorical parameters, sizes integers. The teacher is its first trial, if
    that helps. A limit on parameters is told as a constraint with every trial. A proposal that was
    evaluated before is told its known outcome again, and one over the limit that it is (with the
    mean outcome so far, which says nothing of its accuracy), both for free; after some of them the
    row nearest to the last proposal is taken.
    """

    def __init__(
        self, table: Table, task: Task, seed: int, start: Sequence[int], sampler: BaseSampler
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._table, self._task = table, task
        self._rows = Rows(table, task, seed)
        self._excess = task.excess(table).tolist()
        self._tries = GP_TRIES if isinstance(sampler, GPSampler) else TPE_TRIES
        self._study = optuna.create_study(
            sampler=sampler, directions=["maximize"] * task.outcomes_count
        )
        self._space: dict[str, BaseDistribution] = {
            f"{j:02}": IntDistribution(0, size - 1)
            if ordinal
            else CategoricalDistribution(tuple(range(size)))
            for j, (size, ordinal) in enumerate(
                zip(table.cardinalities, table.ordinal, strict=True)
            )
        }
        self._start = list(start[:FIRST])
        teacher: list[float] = task.teacher_outcomes(table)[0].tolist()
        self._known = {table.teacher: teacher}
        self._trial: Trial | None = None
        if helps_a_gaussian_process(task) or not isinstance(sampler, GPSampler):
            self._end(self._trial_of(table.teacher), table.teacher, teacher)

    def ask(self) -> int:
        """Returns a starting row, or what the sampler proposes."""
        if self._start:
            return self._take(self._start.pop(0))
        for _ in range(self._tries):
            trial = self._study.ask(self._space)
            choices = [int(trial.params[x]) for x in self._space]
            row = self._rows.find(choices)
            if row is not None and self._rows.is_free(row):
                self._trial = trial
                return self._rows.take(row)
            self._reject(trial, row)
        return self._take(self._rows.nearest(choices))

    def tell(self, row: int, accuracy: float) -> None:
        """Ends the trial that was asked for."""
        assert self._trial is not None
        self._known[row] = self._task.outcomes_of(self._table, row, accuracy)[0].tolist()
        self._end(self._trial, row, self._known[row])

    def _take(self, row: int) -> int:
        """Makes the row the next trial."""
        self._trial = self._trial_of(row)
        return self._rows.take(row)

    def _trial_of(self, row: int) -> Trial:
        choices = self._table.choices[row].tolist()
        self._study.enqueue_trial(dict(zip(self._space, choices, strict=True)))
        return self._study.ask(self._space)

    def _reject(self, trial: Trial, row: int | None) -> None:
        if row is None:  # a table need not have all combinations
            self._study.tell(trial, state=optuna.trial.TrialState.FAIL)
            return
        count = max(1, len(self._known))
        mean = [sum(x) / count for x in zip(*self._known.values(), strict=True)]
        self._end(trial, row, self._known.get(row, mean))

    def _end(self, trial: Trial, row: int, outcomes: list[float]) -> None:
        if self._task.params_ratio is not None:
            trial.set_constraint("params", self._excess[row])
        self._study.tell(trial, outcomes)


def tpe(table: Table, task: Task, seed: int, start: Sequence[int]) -> OptunaSearch:
    """Returns a search by the Parzen estimator [Bergstra2011]; Optuna's multi-objective one too.

    Multivariate where there is one outcome, as is Optuna's own default.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sampler = TPESampler(seed=_seed(seed), n_startup_trials=FIRST)
    return OptunaSearch(table, task, seed, start, sampler)


def gpsampler(table: Table, task: Task, seed: int, start: Sequence[int]) -> OptunaSearch:
    """Returns a search by Optuna's Gaussian process: (hypervolume) expected improvement."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sampler = GPSampler(seed=_seed(seed), n_startup_trials=FIRST)
    return OptunaSearch(table, task, seed, start, sampler)


def _seed(seed: int) -> int:
    """Returns a seed as Optuna takes them."""
    return derive_seed(seed, "optuna", 0) % 2**32
