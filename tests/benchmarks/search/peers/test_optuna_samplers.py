from __future__ import annotations

import pytest

from benchmarks.search.methods import Factory
from benchmarks.search.peers.optuna_samplers import FIRST, OptunaSearch, gpsampler, tpe
from benchmarks.search.runs import starting_rows
from benchmarks.search.tasks import TASKS
from tests.benchmarks.made_up_table import made_up_table


@pytest.mark.parametrize("factory", [tpe, gpsampler])
def test_what_is_rejected_is_told_for_free(factory: Factory) -> None:
    table, task = made_up_table((3, 4, 4)), TASKS["accuracy-25"]
    start = starting_rows(table, task, 0)
    search = factory(table, task, 0, start)
    assert isinstance(search, OptunaSearch)
    asked = []
    for _ in range(min(FIRST, len(start)) + 2):
        asked.append(search.ask())
        search.tell(asked[-1], 0.5)
    trials = search._study.trials
    assert asked[:-2] == start[:FIRST]
    assert len(trials) >= len(asked) + 1
    assert trials[0].value == pytest.approx(float(table.mean_accuracy[table.teacher]))
    assert trials[0].constraints["params"] == pytest.approx(0.75)
    assert all(x.constraints.keys() == {"params"} for x in trials)
    within = [x for x in trials if x.constraints["params"] <= 0]
    assert len(within) >= len(asked)


def test_kinds_are_categorical_and_sizes_integers() -> None:
    search = tpe(made_up_table((3, 2, 4)), TASKS["score"], 0, [])
    kinds = [type(x).__name__ for x in search._space.values()]
    assert kinds == ["CategoricalDistribution", "IntDistribution", "IntDistribution"]
    assert search._space["02"]._contains(3)
    assert not search._space["02"]._contains(4)


@pytest.mark.parametrize(("factory", "told"), [(tpe, 1), (gpsampler, 0)])
def test_a_teacher_of_score_0_is_told_only_where_it_helps(factory: Factory, told: int) -> None:
    search = factory(made_up_table((3, 4, 4)), TASKS["score"], 0, [])
    assert isinstance(search, OptunaSearch)
    assert [x.value for x in search._study.trials] == [0] * told
