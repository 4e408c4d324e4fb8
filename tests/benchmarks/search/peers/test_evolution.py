from __future__ import annotations

from benchmarks.search.peers.evolution import POPULATION, RegularisedEvolution
from benchmarks.search.runs import recorded_accuracy, starting_rows
from benchmarks.search.tasks import TASKS, Task
from tests.benchmarks.made_up_table import made_up_table


def test_a_child_differs_from_one_of_the_living_in_one_choice() -> None:
    table, task = made_up_table((3, 6, 6, 6)), TASKS["score"]
    start = starting_rows(table, task, 0)
    search = RegularisedEvolution(table, task, 0, start)
    asked: list[int] = []
    for number in range(40):
        row = search.ask()
        if number < POPULATION:
            assert row == start[number]
        else:
            living = table.choices[asked[-POPULATION:]]
            assert ((living != table.choices[row]).sum(1) == 1).any()
        asked.append(row)
        search.tell(row, recorded_accuracy(table, 0, row))


def test_children_are_better_than_what_came_first() -> None:
    table, task = made_up_table((3, 6, 6, 6)), Task("accuracy", "accuracy")
    search = RegularisedEvolution(table, task, 0, starting_rows(table, task, 0))
    told = []
    for _ in range(80):
        row = search.ask()
        told.append(float(table.mean_accuracy[row]))
        search.tell(row, told[-1])
    assert sum(told[-POPULATION:]) > sum(told[:POPULATION]) + 0.5
