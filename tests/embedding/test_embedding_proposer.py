import logging
from collections.abc import Callable
from statistics import mean

import pytest
import torch
from linear_operator.utils.errors import NotPSDError
from torch import Tensor

from embedding import (
    EmbeddingProposer,
    Objective,
    Observation,
    Proposer,
    RandomProposer,
    SavedEmbedding,
    SearchSettings,
)
from embedding import embedding_proposer as module
from embedding.encoding import Tokens
from embedding.surrogate import Surrogate
from networks import Candidates, Edits, Space

Accuracy = Callable[[Candidates], Tensor]
SETTINGS = SearchSettings(kernels=2, seed=0)


@pytest.fixture(scope="module")
def told(space: Space, accuracy: Accuracy) -> list[Observation]:
    """Eighteen random trials: enough for halves."""
    drawn = space.sample(18, torch.Generator().manual_seed(0))
    pairs = zip(space.edits(drawn), accuracy(drawn).tolist(), strict=True)
    return [Observation(number, edits, found) for number, (edits, found) in enumerate(pairs)]


def _search(proposer: Proposer, accuracy: Accuracy, trials: int) -> float:
    """Runs a whole search; returns the best value."""
    space, observations = proposer.space, list[Observation]()
    for number in range(trials):
        proposer.tell(observations, [])
        edits = proposer.ask(1)
        found = accuracy(space.candidates(edits)).item()
        observations.append(Observation(number, edits[0], found))
    candidates = space.candidates([x.edits for x in observations])
    value = proposer.objective.value(accuracy(candidates), space.costs(candidates))
    return value.max().item()


def test_it_finds_better_students_than_random_does(
    space: Space, objective: Objective, accuracy: Accuracy
) -> None:
    best: dict[type[Proposer], list[float]] = {EmbeddingProposer: [], RandomProposer: []}
    for kind, values in best.items():
        for seed in range(2):
            proposer = kind(space, objective, SearchSettings(kernels=2, seed=seed))
            values.append(_search(proposer, accuracy, 16))
    assert mean(best[EmbeddingProposer]) > mean(best[RandomProposer]) + 0.01
    assert min(best[EmbeddingProposer]) > mean(best[RandomProposer])


def test_a_restart_from_the_state_goes_on_the_same(
    space: Space, objective: Objective, told: list[Observation]
) -> None:
    first = EmbeddingProposer(space, objective, SETTINGS)
    first.tell(told[:12], [told[12].edits])
    first.ask(2)
    state = SavedEmbedding.from_bytes(first.state())
    second = EmbeddingProposer(space, objective, SETTINGS, state)
    first.tell(told, [])
    # Completion order is no part of what is known.
    second.tell(told[::-1], [])
    assert first.ask(2) == second.ask(2)
    assert first.state() == second.state()


def test_kernels_take_turns(space: Space, objective: Objective, told: list[Observation]) -> None:
    proposer = EmbeddingProposer(space, objective, SETTINGS)
    proposer.tell(told[:10], [])
    proposer.ask(1)
    assert proposer.embedding({}).fits == (1, 0)
    proposer.ask(2)
    assert proposer.embedding({}).fits == (2, 1)


def test_each_kernel_keeps_its_own_half(
    space: Space, objective: Objective, monkeypatch: pytest.MonkeyPatch, told: list[Observation]
) -> None:
    seen: list[int] = []
    fit = Surrogate.fit

    def noted(kernel: Surrogate, tokens: Tokens, y: Tensor) -> bool:
        seen.append(len(y))
        return fit(kernel, tokens, y)

    monkeypatch.setattr(Surrogate, "fit", noted)
    proposer = EmbeddingProposer(space, objective, SETTINGS)
    proposer.tell(told, [])
    proposer.ask(1)
    assert seen == [9]
    halves = [set(proposer._half(tuple(range(40)), k).tolist()) for k in range(2)]
    assert len(halves[0]) == len(halves[1]) == 20
    assert halves[0] != halves[1]
    longer = set(proposer._half(tuple(range(60)), 0).tolist())
    assert {x for x in longer if x < 40} == halves[0]
    assert len(proposer._half(tuple(range(15)), 0)) == 15


def _pending_only(told: list[Observation]) -> tuple[list[Observation], list[Edits]]:
    return [], [x.edits for x in told[:12]]


def _one_of_many(told: list[Observation]) -> tuple[list[Observation], list[Edits]]:
    return told[:1], [x.edits for x in told[1:12]]


def _all_failed(told: list[Observation]) -> tuple[list[Observation], list[Edits]]:
    return [Observation(x.number, x.edits, None) for x in told[:12]], []


def _equal(told: list[Observation]) -> tuple[list[Observation], list[Edits]]:
    return [Observation(x.number, x.edits, 0.25) for x in told], []


def _perfect(told: list[Observation]) -> tuple[list[Observation], list[Edits]]:
    return [Observation(x.number, x.edits, 1.0) for x in told], []


def _nothing_or_all(told: list[Observation]) -> tuple[list[Observation], list[Edits]]:
    return [Observation(x.number, x.edits, float(x.number % 2)) for x in told], []


@pytest.mark.parametrize(
    "case", [_pending_only, _one_of_many, _all_failed, _equal, _perfect, _nothing_or_all]
)
def test_whatever_the_trials_gave_there_are_proposals(
    case: Callable[[list[Observation]], tuple[list[Observation], list[Edits]]],
    space: Space,
    objective: Objective,
    told: list[Observation],
    caplog: pytest.LogCaptureFixture,
) -> None:
    completed, pending = case(told)
    proposer = EmbeddingProposer(space, objective, SETTINGS)
    proposer.tell(completed, pending)
    with caplog.at_level(logging.WARNING):
        asked = proposer.ask(2)
    known = space.candidates([x.edits for x in completed] + pending)
    fresh = set(space.keys(space.candidates(asked))) - set(space.keys(known))
    assert len(fresh) == 2
    assert not caplog.records


def test_a_posterior_that_fails_proposes_at_random_and_says_so(
    space: Space,
    objective: Objective,
    told: list[Observation],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: object, **__: object) -> Tensor:
        raise NotPSDError("not positive definite")

    monkeypatch.setattr(module, "improvements", fail)
    proposer = EmbeddingProposer(space, objective, SETTINGS)
    proposer.tell(told, [])
    assert len(proposer.ask(1)) == 1
    assert "trial 18 is proposed at random" in caplog.text
    assert "not positive definite" in caplog.text


@pytest.mark.parametrize("frozen", [True, False])
def test_a_saved_embedding_starts_a_search(
    frozen: bool, space: Space, objective: Objective, told: list[Observation]
) -> None:
    source = EmbeddingProposer(space, objective, SETTINGS)
    source.tell(told, [])
    source.ask(2)
    saved = source.embedding({"teacher": "source"})
    proposer = EmbeddingProposer(space, objective, SearchSettings(3, seed=5), saved, frozen)
    begun = proposer.embedding({})
    assert begun.fits == (1, 1, 1)
    for number, kernel in enumerate(begun.kernels):
        origin = saved.kernels[number % 2]
        assert all(torch.equal(value, origin[name]) for name, value in kernel.items())
    proposer.tell(told, [])
    proposer.ask(1)
    fitted = proposer.embedding({}).kernels[0]
    moved = {
        name for name, value in fitted.items() if not torch.equal(value, saved.kernels[0][name])
    }
    assert any(name.startswith("gp.") for name in moved)
    assert any(name.startswith("encoder.") for name in moved) != frozen


def test_saving_keeps_a_copy(space: Space, objective: Objective, told: list[Observation]) -> None:
    proposer = EmbeddingProposer(space, objective, SETTINGS)
    saved = proposer.embedding({})
    before = saved.to_bytes()
    proposer.tell(told, [])
    proposer.ask(1)
    assert saved.to_bytes() == before
    assert proposer.state() != before


def test_learning_fits_every_kernel_to_all_that_was_told(
    space: Space, objective: Objective, told: list[Observation]
) -> None:
    proposer = EmbeddingProposer(space, objective, SETTINGS)
    before = proposer.embedding({})
    proposer.tell(told, [])
    assert proposer.learn()
    after = proposer.embedding({})
    assert after.fits == (1, 1)
    for old, new in zip(before.kernels, after.kernels, strict=True):
        assert any(not torch.equal(value, old[name]) for name, value in new.items())


def test_too_few_outcomes_teach_nothing(
    space: Space, objective: Objective, told: list[Observation]
) -> None:
    proposer = EmbeddingProposer(space, objective, SETTINGS)
    failed = [Observation(number, told[number].edits, None) for number in range(3, 9)]
    proposer.tell(told[:3] + failed, [])
    state = proposer.state()
    assert not proposer.learn()
    assert proposer.state() == state


def test_kernels_that_all_fail_to_fit_have_not_learned(
    space: Space, objective: Objective, told: list[Observation], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Surrogate, "fit", lambda *_: False)
    proposer = EmbeddingProposer(space, objective, SETTINGS)
    proposer.tell(told, [])
    assert not proposer.learn()
