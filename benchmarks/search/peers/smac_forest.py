"""SMAC3: expected improvement of a random forest.

[Lindauer2022] M. Lindauer, K. Eggensperger, M. Feurer, et al. SMAC3: a versatile Bayesian
    optimization package for hyperparameter optimization. JMLR 2022.
[Knowles2006] J. Knowles. ParEGO: a hybrid algorithm with on-line landscape approximation for
    expensive multiobjective optimization problems. IEEE TEC 2006.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path

import joblib
from ConfigSpace import CategoricalHyperparameter, Configuration, ConfigurationSpace
from ConfigSpace.hyperparameters import UniformIntegerHyperparameter
from smac import HyperparameterOptimizationFacade as Facade
from smac import Scenario
from smac.main.exceptions import ConfigurationSpaceExhaustedException
from smac.multi_objective.parego import ParEGO
from smac.runhistory.dataclasses import TrialInfo, TrialValue
from smac.runhistory.enumerations import StatusType
from torch import Tensor

from benchmarks.search.rows import Rows
from benchmarks.search.tasks import Task
from benchmarks.tables import Table
from embedding import derive_seed

FIRST = 10
# Near the end of a small table it warns of every proposal.
logging.getLogger("smac").setLevel(logging.ERROR)

# Proposals that are rejected for free before the nearest row is taken.
TRIES = 40
# More than the evaluations and all that is rejected.
NO_LIMIT = 1_000_000


class SmacForest:
    """SMAC's facade for hyperparameters, asked and told [Lindauer2022].

    Kinds are categorical, sizes integers; all settings are SMAC's own. A Pareto set is searched
    by ParEGO [Knowles2006]. SMAC never proposes what it was told; a proposal over the limit is
    told as crashed, at the worst cost so far, for free, as is a teacher over the limit; after some
    of them the row nearest to the last proposal is taken.
    """

    def __init__(self, table: Table, task: Task, seed: int, start: Sequence[int]) -> None:
        self._table, self._task = table, task
        self._rows = Rows(table, task, seed)
        self._start = list(start[:FIRST])
        self._names = [f"c{j:02}" for j in range(len(table.cardinalities))]
        self._seed = derive_seed(seed, "smac", 0) % 2**31
        self._space = self._configuration_space()
        self._folder = tempfile.TemporaryDirectory(prefix="smac")
        self._smac = self._facade()
        self._told: list[list[float]] = []
        self._info: TrialInfo | None = None
        self._knows_teacher = False

    def ask(self) -> int:
        """Returns a starting row, or what SMAC proposes."""
        if self._start:
            return self._take(self._start.pop(0))
        self._tell_teacher()
        choices = self._table.choices[int(self._rows.left()[0])].tolist()
        for _ in range(TRIES):
            try:
                # One thread; joblib's threads would mostly wait for one another.
                with joblib.parallel_config(backend="sequential"):
                    info = self._smac.ask()
            except (ConfigurationSpaceExhaustedException, StopIteration):
                break  # it found no new one in a small space, and will find no more
            choices = [int(info.config[x]) for x in self._names]
            row = self._rows.find(choices)
            if row is not None and self._rows.is_free(row):
                self._info = info
                return self._rows.take(row)
            self._crashed(info)
        return self._take(self._rows.nearest(choices))

    def tell(self, row: int, accuracy: float) -> None:
        """Ends the trial that was asked for."""
        assert self._info is not None
        self._tell(self._info, self._costs(self._task.outcomes_of(self._table, row, accuracy)))

    def _tell_teacher(self) -> None:
        """Tells the teacher once: before the first question, as what may not be asked for."""
        if self._knows_teacher:
            return
        self._knows_teacher = True
        teacher = self._trial(self._table.teacher)
        if self._told and self._task.excess(self._table)[self._table.teacher] > 0:
            self._crashed(teacher)
        else:
            self._tell(teacher, self._costs(self._task.teacher_outcomes(self._table)))

    def _crashed(self, info: TrialInfo) -> None:
        worst = [max(x) for x in zip(*self._told, strict=True)]
        self._tell(info, worst, StatusType.CRASHED)

    def _take(self, row: int) -> int:
        """Makes the row the next trial."""
        self._info = self._trial(row)
        return self._rows.take(row)

    def _trial(self, row: int) -> TrialInfo:
        choices = self._table.choices[row].tolist()
        values = dict(zip(self._names, choices, strict=True))
        return TrialInfo(Configuration(self._space, values=values), seed=0)

    def _tell(
        self, info: TrialInfo, costs: list[float], status: StatusType = StatusType.SUCCESS
    ) -> None:
        self._told.append(costs)
        cost = costs if len(costs) > 1 else costs[0]
        self._smac.tell(info, TrialValue(cost=cost, status=status), save=False)

    def _costs(self, outcomes: Tensor) -> list[float]:
        """Returns what SMAC minimises, of outcomes `1 x k`."""
        costs: list[float] = (1 - outcomes[0]).tolist()
        return costs

    def _configuration_space(self) -> ConfigurationSpace:
        space = ConfigurationSpace(seed=self._seed)
        columns = zip(self._names, self._table.cardinalities, self._table.ordinal, strict=True)
        for name, size, ordinal in columns:
            space.add(
                UniformIntegerHyperparameter(name, 0, size - 1)
                if ordinal
                else CategoricalHyperparameter(name, list(range(size)))
            )
        return space

    def _facade(self) -> Facade:
        count = self._task.outcomes_count
        scenario = Scenario(
            self._space,
            objectives=[f"cost {x}" for x in range(count)] if count > 1 else "cost",
            deterministic=True,
            n_trials=NO_LIMIT,
            seed=self._seed,
            output_directory=Path(self._folder.name),
        )
        return Facade(
            scenario,
            _never_called,
            # The starting rows are told; SMAC wants one more, and gets the teacher, which it is
            # told of too and so won't propose.
            initial_design=Facade.get_initial_design(
                scenario, n_configs=0, additional_configs=[self._trial(self._table.teacher).config]
            ),
            multi_objective_algorithm=ParEGO(scenario) if count > 1 else None,
            logging_level=False,
            overwrite=True,
        )


def _never_called(config: Configuration, seed: int = 0) -> float:
    """Stands where SMAC wants a function: it is asked and told instead."""
    raise NotImplementedError(f"{config}, seed {seed}")
