import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import mean

import pytest
import torch
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
    SpaceExhausted,
    StudentSpace,
)
from embedding import embedding_proposer as module
from embedding.encoding import Tokens
from embedding.surrogate import Surrogate
from networks import Candidates, Edits, Space

Accuracy = Callable[[Candidates], Tensor]
SETTINGS = SearchSettings(kernels=2, seed=0)
Trials = tuple[list[Observation], list[Edits]]


def _observations(edits: Sequence[Edits], accuracy: Tensor) -> list[Observation]:
    pairs = zip(edits, accuracy.tolist(), strict=True)
    return [Observation(number, each, found) for number, (each, found) in enumerate(pairs)]


@pytest.fixture(scope="module")
def told(students: StudentSpace, accuracy: Accuracy) -> list[Observation]:
    """Twelve random trials."""
    drawn = students.sample(12, torch.Generator().manual_seed(0))
    return _observations(students.edits(drawn), accuracy(drawn))


@pytest.fixture
def pareto(students: StudentSpace, objective: Objective) -> Objective:
    """The accuracy against the parameters and the MACs."""
    costs = students.costs(students.teacher())
    teacher = (int(costs.params), int(costs.macs))
    return replace(objective, kind="pareto", costs=("params", "macs"), teacher_costs=teacher)


def _search(proposer: Proposer, accuracy: Accuracy, trials: int) -> Candidates:
    """Runs a whole search; returns what it tried."""
    space, observations = proposer.space, list[Observation]()
    for number in range(trials):
        proposer.tell(observations, [])
        edits = proposer.ask(1)
        found = accuracy(space.candidates(edits)).item()
        observations.append(Observation(number, edits[0], found))
    return space.candidates([x.edits for x in observations])


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


def _pending_only(told: list[Observation]) -> Trials:
    return [], [x.edits for x in told]


def _one(told: list[Observation]) -> Trials:
    return told[:1], []


def _one_of_many(told: list[Observation]) -> Trials:
    return told[:1], [x.edits for x in told[1:]]


def _all_failed(told: list[Observation]) -> Trials:
    return [Observation(x.number, x.edits, None) for x in told], []


def _equal(told: list[Observation]) -> Trials:
    return [Observation(x.number, x.edits, 0.25) for x in told], []


def _nothing(told: list[Observation]) -> Trials:
    return [Observation(x.number, x.edits, 0.0) for x in told], []


def _perfect(told: list[Observation]) -> Trials:
    return [Observation(x.number, x.edits, 1.0) for x in told], []


def _nothing_or_all(told: list[Observation]) -> Trials:
    return [Observation(x.number, x.edits, float(x.number % 2)) for x in told], []


def _duplicates(told: list[Observation]) -> Trials:
    """Each trial twice, the second time a little better, and once more pending."""
    again = [Observation(x.number + 12, x.edits, min(1, (x.accuracy or 0) + 0.01)) for x in told]
    return told + again, [told[0].edits]


def _the_teacher_itself(told: list[Observation]) -> Trials:
    return [*told, Observation(12, Edits((), {}, ()), 0.95)], []


CASES = [
    _pending_only,
    _one,
    _one_of_many,
    _all_failed,
    _equal,
    _nothing,
    _perfect,
    _nothing_or_all,
    _duplicates,
    _the_teacher_itself,
]


@pytest.mark.parametrize(
    ("kind", "case"),
    [("score", case) for case in CASES]
    + [("pareto", case) for case in (_pending_only, _all_failed, _nothing_or_all)],
)
def test_whatever_the_trials_gave_there_are_proposals(
    kind: str,
    case: Callable[[list[Observation]], Trials],
    students: StudentSpace,
    objective: Objective,
    pareto: Objective,
    told: list[Observation],
    caplog: pytest.LogCaptureFixture,
) -> None:
    completed, pending = case(told)
    proposer = EmbeddingProposer(students, pareto if kind == "pareto" else objective, SETTINGS)
    proposer.tell(completed, pending)
    with caplog.at_level(logging.WARNING):
        asked = proposer.ask(1 if kind == "pareto" else 2)
    known = students.candidates([x.edits for x in completed] + pending)
    fresh = set(students.keys(students.candidates(asked))) - set(students.keys(known))
    assert len(fresh) == len(asked)
    assert not caplog.records
    SavedEmbedding.from_bytes(proposer.state())


@pytest.mark.parametrize("taught", [0.01, 1.0])
def test_a_teacher_that_knows_hardly_anything_or_everything_has_a_search(
    taught: float,
    students: StudentSpace,
    objective: Objective,
    told: list[Observation],
    caplog: pytest.LogCaptureFixture,
) -> None:
    changed = replace(objective, teacher_accuracy=taught)
    proposer = EmbeddingProposer(students, changed, SETTINGS)
    asked = proposer.ask(1)
    proposer.tell(told, [])
    assert len(asked + proposer.ask(1)) == 2
    assert not caplog.records


def test_limits_that_random_draws_hardly_meet_are_kept(
    students: StudentSpace, objective: Objective, told: list[Observation]
) -> None:
    # Of random draws not one in twenty is as small.
    smallest = int(students.costs(students.smallest()).params)
    limits = Limits(params=int(1.5 * smallest))
    drawn = students.costs(students.sample(2000, torch.Generator().manual_seed(1)))
    assert int((drawn.params <= 1.5 * smallest).sum()) < 100
    tight = replace(objective, kind="accuracy", limits=limits)
    proposer = EmbeddingProposer(students, tight, SETTINGS)
    proposer.tell(told, [])
    candidates = students.candidates(proposer.ask(3))
    assert len(set(students.keys(candidates))) == 3
    assert tight.feasible(students.costs(candidates)).all()


def test_a_space_of_three_is_exhausted(three: Space, caplog: pytest.LogCaptureFixture) -> None:
    students = StudentSpace(three)
    objective = Objective("score", Limits(), int(three.costs(three.teacher()).params), 0.9)
    proposer = EmbeddingProposer(students, objective, SETTINGS)
    first = proposer.ask(1)
    proposer.tell([Observation(0, first[0], 0.5)], [])
    with pytest.raises(SpaceExhausted, match=r"2 new candidates .* 1 found") as raised:
        proposer.ask(2)
    keys = students.keys(students.candidates([*first, *raised.value.found]))
    assert len(set(keys)) == 2
    assert not caplog.records


def test_many_trials_are_fitted_in_part_and_all_known(
    students: StudentSpace,
    objective: Objective,
    accuracy: Accuracy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes: list[int] = []
    fit = Surrogate.fit

    def noted(self: Surrogate, x: Tensor, y: Tensor, tokens: Tokens, turn: int) -> Tensor:
        sizes.append(len(x))
        assert len(y) == len(tokens.values) == len(x)
        assert x[0, 0] == y[0] == 0
        return fit(self, x, y, tokens, turn)

    monkeypatch.setattr(Surrogate, "fit", noted)
    drawn = students.sample(1000, torch.Generator().manual_seed(0))
    proposer = EmbeddingProposer(students, objective, SETTINGS)
    proposer.tell(_observations(students.edits(drawn), accuracy(drawn)), [])
    begin = time.process_time()
    (edits,) = proposer.ask(1)
    assert time.process_time() - begin < 15
    assert sizes == [module.FITTED + 1]
    assert proposer._observed is not None
    assert len(proposer._observed[0]) == len(proposer._observed[1]) == 1001
    values = objective.value(accuracy(drawn), students.costs(drawn))
    proposed = students.candidates([edits])
    value = objective.value(accuracy(proposed), students.costs(proposed))
    assert value > values.quantile(0.9)


def test_of_more_trials_than_are_known_the_best_are(
    students: StudentSpace,
    objective: Objective,
    told: list[Observation],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "KNOWN", 6)
    monkeypatch.setattr(module, "FITTED", 4)
    proposer = EmbeddingProposer(students, objective, SETTINGS)
    proposer.tell(told, [])
    assert len(proposer.ask(2)) == 2
    assert proposer._observed is not None
    known, y, rows = proposer._observed
    assert len(known) == len(y) == 7
    assert len(rows) == 5
    candidates = students.candidates([x.edits for x in told])
    accuracy = torch.tensor([x.accuracy for x in told])
    value = objective.value(accuracy, students.costs(candidates))
    best = students.keys(candidates[value.topk(3).indices])
    assert set(best) <= set(students.keys(known.candidates))


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
