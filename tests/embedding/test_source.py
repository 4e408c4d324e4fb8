from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch

from embedding import (
    EmbeddingError,
    EmbeddingProposer,
    Limits,
    Objective,
    Observation,
    SavedEmbedding,
    SearchSettings,
    Source,
    StudentSpace,
)
from networks import Candidates, Space
from tests.embedding.conftest import Accuracy
from tests.embedding.trials import observations

SETTINGS = SearchSettings(kernels=2, seed=0)
UNDER_A_THIRD = 0.3


@pytest.fixture(scope="module")
def under(space: Space) -> Objective:
    """The accuracy of students of less than a third of the parameters."""
    params = int(space.costs(space.teacher()).params)
    return Objective("accuracy", Limits(params=int(UNDER_A_THIRD * params)), params, 0.95)


@pytest.fixture(scope="module")
def saved(students: StudentSpace, objective: Objective, accuracy: Accuracy) -> SavedEmbedding:
    """What a search learned from sixty trials."""
    drawn = students.sample(60, torch.Generator().manual_seed(1))
    proposer = EmbeddingProposer(students, objective, SETTINGS)
    proposer.tell(observations(students.edits(drawn), accuracy(drawn)), [])
    assert proposer.learn()
    return SavedEmbedding.from_bytes(proposer.embedding({}).to_bytes())


def _guess(source: Source, students: StudentSpace, candidates: Candidates) -> torch.Tensor:
    costs, whole = students.costs(candidates), students.costs(students.teacher())
    logs = torch.stack([costs.params / whole.params, costs.macs / whole.macs], dim=1).log2()
    return source.guess(students.tokens(candidates), logs.double())


def test_it_guesses_what_costs_alone_do_not_tell(
    saved: SavedEmbedding, students: StudentSpace, accuracy: Accuracy
) -> None:
    drawn = students.sample(80, torch.Generator().manual_seed(2))
    guess = _guess(Source(saved), students, drawn)
    source = Source(saved)
    real = -(1.005 - accuracy(drawn)).log() + torch.tensor(0.055).double().log()
    costs, whole = students.costs(drawn), students.costs(students.teacher())
    logs = torch.stack([costs.params / whole.params, costs.macs / whole.macs], dim=1).log2()
    beside = real - logs.double() @ source._surrogate.gp.mean_module.slopes.double()
    assert torch.corrcoef(torch.stack([guess, beside]))[0, 1] > 0.7


def test_without_trials_there_is_no_source(saved: SavedEmbedding) -> None:
    with pytest.raises(EmbeddingError, match="nothing of the trials"):
        Source(replace(saved, findings=None))


def _search(
    proposer: EmbeddingProposer, students: StudentSpace, accuracy: Accuracy, evaluations: int
) -> list[float]:
    """The accuracies of the trials of a search, one after the other."""
    told: list[Observation] = []
    for number in range(evaluations):
        (edits,) = proposer.ask(1)
        found = accuracy(students.candidates([edits])).item()
        told.append(Observation(number, edits, found))
        proposer.tell(told, [])
    return [x.accuracy for x in told if x.accuracy is not None]


def _mean_best(trials: Sequence[float]) -> float:
    """The mean, over the search, of its best so far."""
    return float(torch.tensor(trials).cummax(0).values.mean())


def test_what_was_found_is_a_head_start(
    saved: SavedEmbedding, students: StudentSpace, under: Objective, accuracy: Accuracy
) -> None:
    cold = EmbeddingProposer(students, under, SETTINGS)
    warm = EmbeddingProposer(students, under, SETTINGS, saved, source=Source(saved))
    first = _search(warm, students, accuracy, 4)
    assert _mean_best(first) > _mean_best(_search(cold, students, accuracy, 4))


def test_what_was_wrong_is_found_out(
    saved: SavedEmbedding, students: StudentSpace, under: Objective, accuracy: Accuracy
) -> None:
    assert saved.findings is not None
    order = torch.randperm(len(saved.findings.y), generator=torch.Generator().manual_seed(0))
    wrong = replace(saved, findings=replace(saved.findings, y=saved.findings.y[order]))
    cold = _search(EmbeddingProposer(students, under, SETTINGS), students, accuracy, 16)
    misled = EmbeddingProposer(students, under, SETTINGS, wrong, source=Source(wrong))
    assert max(_search(misled, students, accuracy, 16)) > max(cold) - 0.01


def test_a_network_of_another_kind_of_images_can_be_guessed_at(
    saved: SavedEmbedding, three: Space
) -> None:
    students = StudentSpace(three)
    guess = _guess(Source(saved), students, students.sample(3, torch.Generator().manual_seed(0)))
    assert torch.isfinite(guess).all()
