from collections.abc import Callable, Iterator
from dataclasses import replace
from math import dist
from statistics import mean

import pytest
import torch
from torch import Tensor

from embedding import (
    EmbeddingProposer,
    Limits,
    Objective,
    Observation,
    Outlook,
    RandomProposer,
    SearchSettings,
    StudentSpace,
)
from embedding import outlook as module
from networks import Candidates, Edits, Space

Accuracy = Callable[[Candidates], Tensor]


@pytest.fixture(scope="module")
def proposer(
    students: StudentSpace, objective: Objective, told: list[Observation]
) -> EmbeddingProposer:
    """One that has proposed two trials and waits for both."""
    proposer = EmbeddingProposer(students, objective, SearchSettings(kernels=2, seed=0))
    proposer.tell(told, [])
    proposer.tell(told, proposer.ask(2))
    return proposer


@pytest.fixture(scope="module")
def outlook(proposer: EmbeddingProposer) -> Outlook:
    found = proposer.outlook()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def trials(told: list[Observation], students: StudentSpace) -> dict[int, Edits]:
    """The twelve told trials, one that failed and one that waits."""
    others = students.edits(students.sample(2, torch.Generator().manual_seed(9)))
    return {trial.number: trial.edits for trial in told} | {12: others[0], 13: others[1]}


def _random_search(
    students: StudentSpace, objective: Objective, accuracy: Accuracy, n: int
) -> Iterator[float]:
    """Yields what searches of `n` random trials found."""
    for seed in range(30):
        proposer = RandomProposer(students, objective, SearchSettings(0, seed))
        tried = students.candidates(proposer.ask(n))
        yield objective.value(accuracy(tried), students.costs(tried)).max().item()


def test_random_search_finds_what_was_expected_of_it(
    outlook: Outlook, students: StudentSpace, objective: Objective, accuracy: Accuracy
) -> None:
    expected = outlook.random_search(20)
    assert len(expected) == 20
    assert expected == sorted(expected)
    for n in (1, 4, 12):
        found = mean(_random_search(students, objective, accuracy, n))
        assert expected[n - 1] == pytest.approx(found, abs=0.08), n


def test_more_is_expected_of_it_than_of_the_means(
    outlook: Outlook, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampled = outlook.random_search(20)
    monkeypatch.setattr(torch, "randn", lambda *shape, **_: torch.zeros(*shape).double())
    assert sampled[-1] > outlook.random_search(20)[-1]


def test_it_is_the_same_each_time_and_only_of_allowed_students(
    proposer: EmbeddingProposer, students: StudentSpace, objective: Objective,
    told: list[Observation],
) -> None:  # fmt: skip
    again, other = proposer.outlook(), proposer.outlook()
    assert again is not None
    assert other is not None
    assert again.random_search(5) == other.random_search(5)
    tight = replace(objective, limits=Limits(params=objective.teacher_params // 4))
    limited = EmbeddingProposer(students, tight, SearchSettings(kernels=1, seed=0))
    limited.tell(told, [])
    found = limited.outlook()
    assert found is not None
    assert tight.allows(students, found.drawn).all()


def test_a_small_space_is_searched_to_its_end(three: Space) -> None:
    students = StudentSpace(three)
    goal = Objective("score", Limits(), int(three.costs(three.teacher()).params), 0.9)
    proposer = EmbeddingProposer(students, goal, SearchSettings(kernels=1, seed=0))
    first = proposer.ask(1)[0]
    proposer.tell([Observation(0, first, 0.7)], [])
    outlook = proposer.outlook()
    assert outlook is not None
    assert len(outlook.random_search(40)) == 2


def test_the_map_has_every_trial_and_the_share_of_what_it_shows(
    outlook: Outlook, trials: dict[int, Edits]
) -> None:
    found = outlook.map(trials, {})
    assert found is not None
    assert sorted(found.places) == sorted(trials)
    first, second = found.explained
    assert 0 < second <= first <= first + second <= 1
    assert mean(found.places[n][0] for n in range(12)) == pytest.approx(0, abs=1e-9)
    vectors = outlook._embedded(list(trials.values()))
    apart = (vectors[0] - vectors[5]).norm().item()
    near = dist(found.places[0], found.places[5])
    assert near <= apart + 1e-9


def test_the_map_is_not_mirrored_when_it_is_made_anew(
    outlook: Outlook, trials: dict[int, Edits]
) -> None:
    first = outlook.map(trials, {})
    assert first is not None
    mirrored = {number: (-x, y) for number, (x, y) in first.places.items()}
    again = outlook.map(trials, mirrored)
    assert again is not None
    for number, place in mirrored.items():
        assert again.places[number] == pytest.approx(place)


def test_of_very_many_trials_some_are_on_the_map(
    outlook: Outlook, trials: dict[int, Edits], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAPPED", 5)
    found = outlook.map(trials, {})
    assert found is not None
    assert len(found.places) == 5 + 2
    assert {12, 13} < set(found.places)


def test_there_is_no_map_of_two_trials_nor_without_an_encoder(
    students: StudentSpace, objective: Objective, told: list[Observation]
) -> None:
    trials = {trial.number: trial.edits for trial in told}
    for kernels, known, drawn in ((1, 2, False), (0, 12, False), (1, 3, True)):
        proposer = EmbeddingProposer(students, objective, SearchSettings(kernels, seed=0))
        proposer.tell(told[:known], [])
        outlook = proposer.outlook()
        assert outlook is not None
        assert (outlook.map(trials, {}) is not None) == drawn
        assert len(outlook.random_search(3)) == 3


def test_nothing_is_made_of_no_trial(students: StudentSpace, objective: Objective) -> None:
    proposer = EmbeddingProposer(students, objective, SearchSettings(kernels=1, seed=0))
    assert proposer.outlook() is None


def test_it_stays_as_it_was_and_changes_no_proposal(
    students: StudentSpace, objective: Objective, told: list[Observation]
) -> None:
    proposed = []
    for looks in (False, True):
        proposer = EmbeddingProposer(students, objective, SearchSettings(kernels=2, seed=0))
        for known in (6, 8, 12):
            proposer.tell(told[:known], [])
            outlook = proposer.outlook() if looks else None
            before = outlook and outlook.random_search(5)
            proposed.append(proposer.ask(1))
            if outlook is not None:
                assert outlook.random_search(5) == before
                proposer.outlook()
    assert proposed[:3] == proposed[3:]


def test_a_pareto_search_expects_the_best_score(
    students: StudentSpace, pareto: Objective, told: list[Observation]
) -> None:
    proposer = EmbeddingProposer(students, pareto, SearchSettings(kernels=1, seed=0))
    proposer.tell(told, [])
    outlook = proposer.outlook()
    assert outlook is not None
    assert 0 < outlook.random_search(3)[0] < 1
