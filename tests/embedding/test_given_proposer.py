from dataclasses import replace

import pytest

from embedding import (
    GivenProposer,
    InfeasibleConstraint,
    Limits,
    Objective,
    Observation,
    SearchSettings,
    SpaceExhausted,
    StudentSpace,
    make_proposer,
)
from networks import Edits, Space

SETTINGS = SearchSettings(kernels=1, seed=0)


@pytest.fixture
def half(students: StudentSpace) -> Edits:
    """A student that is narrower in one group."""
    group = next(x for x in students.edits(students.smallest())[0].widths)
    return Edits((), {group: 8}, ())


def test_what_is_given_is_all_that_is_proposed(
    space: Space, objective: Objective, half: Edits
) -> None:
    proposer = make_proposer("adapruner", space, objective, SETTINGS, first=[half])
    assert isinstance(proposer, GivenProposer)
    with pytest.raises(SpaceExhausted) as raised:
        proposer.ask(3)
    assert raised.value.found == [half]
    assert proposer.state() == b""


@pytest.mark.parametrize("state", ["completed", "failed", "pending"])
def test_once_it_was_proposed_nothing_is_left(
    state: str, space: Space, objective: Objective, half: Edits
) -> None:
    proposer = make_proposer("adapruner", space, objective, SETTINGS, first=[half])
    ended = [Observation(0, half, 0.5 if state == "completed" else None)]
    proposer.tell([] if state == "pending" else ended, [half] if state == "pending" else [])
    with pytest.raises(SpaceExhausted) as raised:
        proposer.ask(1)
    assert raised.value.found == []


def test_one_that_breaks_a_limit_is_refused_with_what_it_costs(
    space: Space, objective: Objective, half: Edits
) -> None:
    costs = space.costs(space.candidates([half]))
    met = replace(objective, limits=Limits(macs=int(costs.macs)))
    assert make_proposer("adapruner", space, met, SETTINGS, first=[half]).ask(1) == [half]
    broken = replace(objective, limits=Limits(macs=int(costs.macs) - 1))
    with pytest.raises(InfeasibleConstraint) as raised:
        make_proposer("adapruner", space, broken, SETTINGS, first=[half])
    assert raised.value.smallest["params"] == int(costs.params)


def test_where_nothing_is_given_the_smallest_student_tells(
    space: Space, objective: Objective
) -> None:
    with pytest.raises(InfeasibleConstraint) as raised:
        make_proposer("adapruner", space, objective, SETTINGS)
    assert raised.value.smallest["params"] == int(space.costs(space.smallest()).params)
