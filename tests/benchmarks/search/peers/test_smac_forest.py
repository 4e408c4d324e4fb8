from __future__ import annotations

import pytest

pytest.importorskip("smac")

from smac.runhistory.enumerations import StatusType

from benchmarks.search.peers.smac_forest import SmacForest
from benchmarks.search.runs import starting_rows
from benchmarks.search.tasks import TASKS
from tests.benchmarks.made_up_table import made_up_table


@pytest.mark.parametrize(
    ("task", "status"), [("score", StatusType.SUCCESS), ("accuracy-25", StatusType.CRASHED)]
)
def test_the_teacher_is_told_and_is_only_worth_what_the_task_allows(
    task: str, status: StatusType
) -> None:
    table = made_up_table((3, 4, 4))
    start = starting_rows(table, TASKS[task], 0)[:3]
    search = SmacForest(table, TASKS[task], 0, start)
    accuracies = [0.5, 0.25, 0.75]
    for accuracy in accuracies:
        search.tell(search.ask(), accuracy)
    assert search.ask() not in start
    teacher = search._trial(table.teacher).config
    (told,) = (
        value
        for key, value in search._smac.runhistory.items()
        if search._smac.runhistory.get_config(key.config_id) == teacher
    )
    assert told.status == status
    if status == StatusType.CRASHED:
        assert told.cost == 0.75
