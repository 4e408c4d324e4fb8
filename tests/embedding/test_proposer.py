from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from embedding import Limits, Objective, Observation, make_proposer
from embedding.errors import InfeasibleConstraint, SpaceExhausted
from embedding.proposer import Proposer, SearchSettings
from networks import Edits, Space, network, trace

SETTINGS = SearchSettings(kernels=2, seed=0)
SEARCHES = ("embedding", "random")


@pytest.mark.parametrize("strategy", SEARCHES)
class TestEverySearch:
    """What holds for a proposer that looks for candidates, whatever its strategy."""

    def test_proposals_are_distinct_feasible_and_new(
        self, strategy: str, space: Space, objective: Objective
    ) -> None:
        limits = Limits(params=objective.teacher_params // 4)
        limited = Objective("score", limits, objective.teacher_params, 0.95)
        proposer = make_proposer(strategy, space, limited, SETTINGS)
        first = proposer.ask(6)
        told = [Observation(i, x, 0.1 * i) for i, x in enumerate(first[:5])]
        proposer.tell(told, first[5:])
        candidates = space.candidates(first + proposer.ask(4))
        assert len(set(space.keys(candidates))) == 10
        assert limited.feasible(space.costs(candidates)).all()

    def test_asking_twice_without_telling_repeats_nothing(
        self, strategy: str, space: Space, objective: Objective
    ) -> None:
        proposer = make_proposer(strategy, space, objective, SETTINGS)
        asked = proposer.ask(2) + proposer.ask(2)
        assert len(set(space.keys(space.candidates(asked)))) == 4

    def test_the_same_trials_give_the_same_proposals(
        self, strategy: str, space: Space, objective: Objective
    ) -> None:
        first = make_proposer(strategy, space, objective, SETTINGS)
        second = make_proposer(strategy, space, objective, SETTINGS)
        other = make_proposer(strategy, space, objective, SearchSettings(kernels=2, seed=1))
        asked = first.ask(3)
        assert second.ask(3) == asked
        assert other.ask(3) != asked

    def test_a_space_of_three_is_exhausted_after_two(self, strategy: str, three: Space) -> None:
        objective = Objective("score", Limits(), int(three.costs(three.teacher()).params), 0.9)
        proposer = make_proposer(strategy, three, objective, SETTINGS)
        with pytest.raises(SpaceExhausted, match=r"5 new candidates .* and 2 found") as raised:
            proposer.ask(5)
        assert sorted(x.widths[three.groups[0].name] for x in raised.value.found) == [1, 2]
        told = [Observation(i, x, None) for i, x in enumerate(raised.value.found)]
        proposer.tell(told, [])
        with pytest.raises(SpaceExhausted) as raised:
            proposer.ask(1)
        assert raised.value.found == []

    def test_limits_that_nothing_meets_say_what_the_smallest_costs(
        self, strategy: str, space: Space, objective: Objective
    ) -> None:
        impossible = Objective("score", Limits(params=1), objective.teacher_params, 0.9)
        smallest = space.costs(space.smallest())
        with pytest.raises(InfeasibleConstraint, match="no student meets") as raised:
            make_proposer(strategy, space, impossible, SETTINGS)
        assert raised.value.smallest == {
            "params": int(smallest.params),
            "macs": int(smallest.macs),
            "bytes": int(smallest.bytes),
        }

    def test_refused_candidates_are_passed_over(
        self, strategy: str, space: Space, objective: Objective
    ) -> None:
        refused: list[Edits] = []

        def accepts(edits: Edits) -> bool:
            if len(refused) == 3:
                return True
            refused.append(edits)
            return False

        proposer = make_proposer(strategy, space, objective, SETTINGS)
        found = proposer.ask(2, accepts)
        assert len(set(space.keys(space.candidates(refused + found)))) == 5
        proposer.tell([Observation(i, x, 0.5) for i, x in enumerate(found)], [])
        assert len(proposer.ask(1)) == 1

    def test_refusing_everything_exhausts_the_space(self, strategy: str, three: Space) -> None:
        objective = Objective("score", Limits(), int(three.costs(three.teacher()).params), 0.9)
        proposer = make_proposer(strategy, three, objective, SETTINGS)
        with pytest.raises(SpaceExhausted) as raised:
            proposer.ask(1, lambda _: False)
        assert raised.value.found == []

    def test_a_screen_that_passes_nothing_leaves_nothing_feasible(
        self, strategy: str, space: Space, objective: Objective
    ) -> None:
        closed = replace(objective, screen=lambda drawn: drawn.widths[:, 0] < 0)
        with pytest.raises(InfeasibleConstraint):
            make_proposer(strategy, space, closed, SETTINGS)

    def test_asking_for_nothing(self, strategy: str, space: Space, objective: Objective) -> None:
        assert make_proposer(strategy, space, objective, SETTINGS).ask(0) == []


@pytest.mark.parametrize("strategy", SEARCHES)
class TestFirstCandidates:
    """What holds for a proposer that is given candidates to begin with."""

    @pytest.fixture
    def first(self, space: Space) -> list[Edits]:
        return [Edits((), {space.groups[0].name: 8}, ()), Edits((), {space.groups[1].name: 4}, ())]

    @pytest.fixture
    def made(
        self, strategy: str, space: Space, objective: Objective, first: list[Edits]
    ) -> Callable[[], Proposer]:
        return lambda: make_proposer(strategy, space, objective, SETTINGS, first=first)

    def test_they_come_first_and_the_search_goes_on(
        self, made: Callable[[], Proposer], space: Space, first: list[Edits]
    ) -> None:
        asked = made().ask(5)
        assert asked[:2] == first
        assert len(set(space.keys(space.candidates(asked)))) == 5

    def test_a_restart_after_any_of_them_changes_nothing(
        self, made: Callable[[], Proposer], first: list[Edits]
    ) -> None:
        asked: list[Edits] = []
        for _ in range(4):
            proposer = made()  # another coordinator's, which knows the trials alone
            proposer.tell([], asked)
            asked += proposer.ask(1)
        assert asked[:2] == first
        whole = made()
        told: list[Edits] = []
        for _ in range(4):
            whole.tell([], told)
            told += whole.ask(1)
        assert told == asked

    def test_they_come_in_the_place_of_as_many_proposals(
        self, made: Callable[[], Proposer], strategy: str, space: Space, objective: Objective
    ) -> None:
        proposer, without = made(), make_proposer(strategy, space, objective, SETTINGS)
        told = [Observation(i, x, None) for i, x in enumerate(without.ask(2))]
        for each in (proposer, without):
            each.tell(told, [])
        assert proposer.ask(1) == without.ask(1)

    def test_those_that_are_refused_or_break_a_limit_are_left_out(
        self, strategy: str, space: Space, objective: Objective, first: list[Edits]
    ) -> None:
        costs = space.costs(space.candidates(first))
        limited = replace(objective, limits=Limits(params=int(costs.params.min())))
        proposer = make_proposer(strategy, space, limited, SETTINGS, first=first)
        within = first[int(costs.params.argmin())]
        asked: list[Edits] = []

        def accepts(edits: Edits) -> bool:
            asked.append(edits)
            return edits != within

        found = proposer.ask(2, accepts)
        assert asked[0] == within
        assert not [edits for edits in found if edits in first]

    def test_none_is_proposed_that_was_a_trial_by_other_edits(
        self, strategy: str, three: Space
    ) -> None:
        objective = Objective("score", Limits(), int(three.costs(three.teacher()).params), 0.9)
        two = Edits((), {three.groups[0].name: 2}, ())
        proposer = make_proposer(strategy, three, objective, SETTINGS, first=[two, two])
        asked = proposer.ask(2)
        assert sorted(x.widths[three.groups[0].name] for x in asked) == [1, 2]


def test_a_negative_number_of_kernels_is_refused() -> None:
    with pytest.raises(ValueError, match="no fewer than 0 kernels, got -1"):
        SearchSettings(kernels=-1, seed=0)


def test_no_architecture_is_proposed_twice_whatever_edits_make_it() -> None:
    vgg19 = Space(trace(network("zoo/vgg19", 10, 3), torch.zeros(2, 3, 32, 32)).architecture)
    removals = [x for x in vgg19.removals if x.name in ("features.17", "features.20")]
    same = [vgg19.student(Edits((x.name,), {}, ())) for x in removals]
    assert same[0].hash == same[1].hash
    smallest = int(vgg19.costs(vgg19.smallest()).params)
    teacher = int(vgg19.costs(vgg19.teacher()).params)
    tight = Objective("score", Limits(params=3 * smallest), teacher, 0.9)
    proposed = make_proposer("random", vgg19, tight, SETTINGS).ask(15)
    assert len({vgg19.student(x).hash for x in proposed}) == 15
