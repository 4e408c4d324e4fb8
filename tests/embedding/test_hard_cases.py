import logging
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from embedding import (
    EmbeddingProposer,
    Limits,
    Objective,
    Observation,
    SavedEmbedding,
    SearchSettings,
    Source,
    SpaceExhausted,
    StudentSpace,
)
from embedding import embedding_proposer as module
from embedding.encoding import Tokens
from embedding.surrogate import Surrogate
from networks import Candidates, Edits, Space, trace
from tests.embedding.trials import observations

Accuracy = Callable[[Candidates], Tensor]
SETTINGS = SearchSettings(kernels=2, seed=0)
Trials = tuple[list[Observation], list[Edits]]


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

    def noted(
        self: Surrogate, x: Tensor, y: Tensor, tokens: Tokens, turn: int, hyperparameters: bool
    ) -> Tensor:
        sizes.append(len(x))
        assert len(y) == len(tokens.values) == len(x)
        assert x[0, 0] == y[0] == 0
        return fit(self, x, y, tokens, turn, hyperparameters)

    monkeypatch.setattr(Surrogate, "fit", noted)
    drawn = students.sample(5000, torch.Generator().manual_seed(0))
    proposer = EmbeddingProposer(students, objective, SETTINGS)
    proposer.tell(observations(students.edits(drawn), accuracy(drawn)), [])
    (edits,) = proposer.ask(1)
    assert sizes == [module.FITTED + 1]
    assert proposer._observed is not None
    assert len(proposer._observed[0]) == len(proposer._observed[1]) == module.KNOWN + 1
    values = objective.value(accuracy(drawn), students.costs(drawn))
    proposed = students.candidates([edits])
    value = objective.value(accuracy(proposed), students.costs(proposed))
    assert value > values.quantile(0.9)


def test_what_was_learned_of_other_images_starts_a_search(
    students: StudentSpace,
    objective: Objective,
    told: list[Observation],
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = EmbeddingProposer(students, objective, SETTINGS)
    source.tell(told, [])
    source.learn()
    saved = SavedEmbedding.from_bytes(source.embedding({}).to_bytes())
    module = nn.Sequential(nn.Conv2d(3, 24, 5), nn.ReLU(), nn.Conv2d(24, 48, 5), nn.ReLU())
    network = nn.Sequential(*module, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(48, 9))
    other = StudentSpace(Space(trace(network, torch.zeros(1, 3, 32, 20)).architecture))
    params = int(other.costs(other.teacher()).params)
    goal = Objective("score", Limits(), params, 0.6)
    proposer = EmbeddingProposer(other, goal, SETTINGS, saved, source=Source(saved))
    first = proposer.ask(2)
    proposer.tell([Observation(0, first[0], 0.4), Observation(1, first[1], 0.5)], [])
    assert len(proposer.ask(2)) == 2
    assert not [x for x in caplog.records if x.name.startswith("embedding")]


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
