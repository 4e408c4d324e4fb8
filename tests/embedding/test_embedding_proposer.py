from collections.abc import Callable
from dataclasses import replace
from statistics import mean

import pytest
import torch
from botorch.utils.multi_objective.pareto import is_non_dominated
from linear_operator.utils.errors import NotPSDError
from torch import Tensor

from embedding import (
    EmbeddingProposer,
    Limits,
    Objective,
    Observation,
    Proposer,
    RandomProposer,
    SavedEmbedding,
    SearchSettings,
    StudentSpace,
)
from embedding import embedding_proposer as module
from embedding.history import History
from networks import Candidates, Edits, Space
from tests.embedding.trials import observations

Accuracy = Callable[[Candidates], Tensor]
SETTINGS = SearchSettings(kernels=2, seed=0)
Trials = tuple[list[Observation], list[Edits]]


def _search(proposer: Proposer, accuracy: Accuracy, trials: int) -> Candidates:
    """Runs a whole search; returns what it tried."""
    space, trials_so_far = proposer.space, list[Observation]()
    for number in range(trials):
        proposer.tell(trials_so_far, [])
        edits = proposer.ask(1)
        found = accuracy(space.candidates(edits)).item()
        trials_so_far.append(Observation(number, edits[0], found))
    return space.candidates([x.edits for x in trials_so_far])


@pytest.mark.parametrize("kind", ["score", "accuracy"])
def test_it_finds_better_students_than_random_does_within_a_few_trials(
    kind: str,
    students: StudentSpace,
    objective: Objective,
    accuracy: Accuracy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "STEPS", 100)
    limits = Limits(params=objective.teacher_params // 4)
    goal = objective if kind == "score" else replace(objective, kind="accuracy", limits=limits)
    best: dict[type[Proposer], list[float]] = {EmbeddingProposer: [], RandomProposer: []}
    for proposer, values in best.items():
        for seed in range(2 if proposer is EmbeddingProposer else 6):
            settings = SearchSettings(kernels=1, seed=seed)
            tried = _search(proposer(students, goal, settings), accuracy, 8)
            values.append(goal.value(accuracy(tried), students.costs(tried)).max().item())
    assert mean(best[EmbeddingProposer]) > mean(best[RandomProposer]) + 0.01


def test_it_begins_without_a_trial(students: StudentSpace, objective: Objective) -> None:
    asked = EmbeddingProposer(students, objective, SETTINGS).ask(4)
    candidates = students.candidates([*asked, Edits((), {}, ())])
    assert len(set(students.keys(candidates))) == 5


def test_pareto_spreads_over_the_costs(
    students: StudentSpace, pareto: Objective, accuracy: Accuracy
) -> None:
    tried = _search(EmbeddingProposer(students, pareto, SETTINGS), accuracy, 4)
    assert len(set(students.keys(tried))) == 4
    part = students.costs(tried).params / pareto.teacher_params
    assert part.min() < 0.2
    assert part.max() > 2 * part.min()


def test_the_same_seed_and_state_propose_the_same(
    students: StudentSpace, objective: Objective, told: list[Observation]
) -> None:
    proposers = [
        EmbeddingProposer(students, objective, SearchSettings(2, seed)) for seed in (3, 3, 4)
    ]
    for proposer in proposers:
        proposer.tell(told, [])
    first, same, other = (proposer.ask(1) for proposer in proposers)
    assert first == same
    assert first != other
    assert proposers[0].state() == proposers[1].state()


def test_a_restart_from_the_state_goes_on_the_same(
    students: StudentSpace, objective: Objective, told: list[Observation]
) -> None:
    first = EmbeddingProposer(students, objective, SETTINGS)
    first.tell(told[:8], [told[8].edits])
    first.ask(2)
    state = SavedEmbedding.from_bytes(first.state())
    second = EmbeddingProposer(students, objective, SETTINGS, state)
    first.tell(told, [])
    # Completion order is no part of what is known.
    second.tell(told[::-1], [])
    assert first.ask(2) == second.ask(2)
    assert first.state() == second.state()


@pytest.mark.parametrize("kind", ["score", "pareto"])
def test_four_at_once_are_distinct_and_new(
    kind: str,
    students: StudentSpace,
    objective: Objective,
    pareto: Objective,
    told: list[Observation],
) -> None:
    proposer = EmbeddingProposer(students, pareto if kind == "pareto" else objective, SETTINGS)
    proposer.tell(told[:4], [x.edits for x in told[4:6]])
    asked = proposer.ask(4)
    edits = [*asked, *(x.edits for x in told[:6]), Edits((), {}, ())]
    assert len({students.hash(students.candidates([x])) for x in edits}) == 4 + 6 + 1


def test_encoders_take_turns(
    students: StudentSpace, objective: Objective, told: list[Observation]
) -> None:
    proposer = EmbeddingProposer(students, objective, SETTINGS)
    proposer.tell(told[:10], [])
    proposer.ask(1)
    assert proposer.embedding({}).fits == (1, 0)
    proposer.ask(2)
    assert proposer.embedding({}).fits == (2, 1)


def test_it_searches_without_encoders(
    students: StudentSpace, objective: Objective, told: list[Observation]
) -> None:
    settings = SearchSettings(kernels=0, seed=0)
    proposer = EmbeddingProposer(students, objective, settings)
    proposer.tell(told[:6], [])
    proposer.ask(2)
    state = SavedEmbedding.from_bytes(proposer.state())
    again = EmbeddingProposer(students, objective, settings, state)
    for each in (proposer, again):
        each.tell(told, [])
    assert proposer.ask(1) == again.ask(1)


def test_embeddings_are_kept_up_to_date_with_their_encoders(
    students: StudentSpace, objective: Objective, told: list[Observation]
) -> None:
    proposer = EmbeddingProposer(students, objective, SETTINGS)
    proposer.tell(told, [])
    proposer.ask(2)
    for reading in (proposer._pool, proposer._observed and proposer._observed[0]):
        assert reading is not None
        columns = reading.x[:, proposer._surrogate.layout.embeddings]
        torch.testing.assert_close(columns, proposer._surrogate.embed(reading.tokens))


def test_a_posterior_that_fails_proposes_at_random_and_says_so(
    students: StudentSpace,
    objective: Objective,
    told: list[Observation],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: object, **__: object) -> Tensor:
        raise NotPSDError("not positive definite")

    monkeypatch.setattr(module, "improvement", fail)
    proposer = EmbeddingProposer(students, objective, SETTINGS)
    proposer.tell(told, [])
    assert len(proposer.ask(1)) == 1
    assert "trial 12 is proposed at random" in caplog.text
    assert "not positive definite" in caplog.text


@pytest.mark.parametrize("frozen", [True, False])
def test_a_saved_embedding_starts_a_search(
    frozen: bool, students: StudentSpace, objective: Objective, told: list[Observation]
) -> None:
    source = EmbeddingProposer(students, objective, SETTINGS)
    source.tell(told[:4], [])
    source.ask(2)
    saved = source.embedding({"teacher": "source"})
    proposer = EmbeddingProposer(students, objective, SearchSettings(3, seed=5), saved, frozen)
    begun = proposer.embedding({})
    assert begun.fits == (1, 1, 1)
    for number, kernel in enumerate(begun.kernels):
        assert _moved(kernel, saved.kernels[number % 2]) == set()
    assert _moved(begun.hyperparameters, saved.hyperparameters) == set()
    proposer.tell(told, [])
    proposer.ask(1)
    fitted = proposer.embedding({})
    # Trial 12 is the first encoder's.
    assert bool(_moved(fitted.kernels[0], saved.kernels[0])) != frozen
    assert _moved(fitted.hyperparameters, saved.hyperparameters)


def _moved(new: object, old: object) -> set[str]:
    assert isinstance(new, dict)
    assert isinstance(old, dict)
    assert new.keys() == old.keys()
    return {name for name, value in new.items() if not torch.equal(value, old[name])}


def test_saving_keeps_a_copy(
    students: StudentSpace, objective: Objective, told: list[Observation]
) -> None:
    proposer = EmbeddingProposer(students, objective, SETTINGS)
    saved = proposer.embedding({})
    before = saved.to_bytes()
    proposer.tell(told, [])
    proposer.ask(1)
    assert saved.to_bytes() == before
    assert proposer.state() != before


def test_learning_fits_every_encoder_to_all_that_was_told(
    students: StudentSpace, objective: Objective, told: list[Observation]
) -> None:
    proposer = EmbeddingProposer(students, objective, SETTINGS)
    before = proposer.embedding({})
    proposer.tell(told, [])
    assert proposer.learn()
    after = proposer.embedding({})
    assert after.fits == (1, 1)
    assert all(_moved(new, old) for new, old in zip(after.kernels, before.kernels, strict=True))


def test_failed_trials_teach_nothing(
    students: StudentSpace, objective: Objective, told: list[Observation]
) -> None:
    proposer = EmbeddingProposer(students, objective, SETTINGS)
    proposer.tell([Observation(x.number, x.edits, None) for x in told], [])
    state = proposer.state()
    assert not proposer.learn()
    assert proposer.state() == state


def test_a_refused_candidate_costs_no_further_fit(
    space: Space, objective: Objective, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits: list[tuple[int, bool]] = []
    fit = EmbeddingProposer._fit

    def counted(
        self: EmbeddingProposer, history: History, turn: int, hyperparameters: bool
    ) -> None:
        fits.append((turn, hyperparameters))
        fit(self, history, turn, hyperparameters)

    monkeypatch.setattr(EmbeddingProposer, "_fit", counted)
    proposer = EmbeddingProposer(StudentSpace(space), objective, SearchSettings(2, 0))
    refusals = iter([False, False, True, True])
    assert len(proposer.ask(2, lambda _: next(refusals))) == 2
    assert fits == [(0, True), (1, False)]  # both know the same trials


def test_the_parents_of_a_pareto_search_are_spread_over_the_set(
    space: Space, accuracy: Accuracy
) -> None:
    params = int(space.costs(space.teacher()).params)
    pareto = Objective("pareto", Limits(), params, 0.95, None, ("params",), (params,))
    proposer = EmbeddingProposer(StudentSpace(space), pareto, SearchSettings(1, 0))
    drawn = space.sample(60, torch.Generator().manual_seed(0))
    told = observations(space.edits(drawn), accuracy(drawn))
    proposer.tell(told, [])
    parents = proposer._best(proposer._history)
    assert parents is not None
    values = pareto.values(accuracy(drawn), space.costs(drawn))
    of_parents = pareto.values(accuracy(parents), space.costs(parents))
    beaten = (values.unsqueeze(1) >= of_parents).all(-1) & (values.unsqueeze(1) > of_parents).any(
        -1
    )
    assert not beaten.any()
    best = values[:, 0].argmax()
    assert of_parents[:, 0].max() == values[best, 0]


def test_of_more_trials_than_are_known_a_pareto_search_knows_its_set(
    space: Space, accuracy: Accuracy, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = int(space.costs(space.teacher()).params)
    pareto = Objective("pareto", Limits(), params, 0.95, None, ("params",), (params,))
    proposer = EmbeddingProposer(StudentSpace(space), pareto, SearchSettings(1, 0))
    drawn = space.sample(60, torch.Generator().manual_seed(0))
    proposer.tell(observations(space.edits(drawn), accuracy(drawn)), [])
    best = int(proposer._is_best(proposer._history).sum())
    monkeypatch.setattr(module, "KNOWN", 2 * best)
    known = proposer._observations(proposer._history)[0]
    values = pareto.values(accuracy(drawn), space.costs(drawn))
    expected = set(space.keys(drawn[is_non_dominated(values)]))
    assert expected <= set(space.keys(known.candidates))


def test_a_search_without_encoders_learns_too(space: Space, accuracy: Accuracy) -> None:
    params = int(space.costs(space.teacher()).params)
    objective = Objective("score", Limits(), params, 0.95)
    proposer = EmbeddingProposer(StudentSpace(space), objective, SearchSettings(0, 0))
    drawn = space.sample(12, torch.Generator().manual_seed(0))
    proposer.tell(observations(space.edits(drawn), accuracy(drawn)), [])
    before = proposer._surrogate.hyperparameters()
    assert proposer.learn()
    assert proposer._surrogate.hyperparameters() != before
