import math
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

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


def _logs(students: StudentSpace, candidates: Candidates) -> torch.Tensor:
    costs, whole = students.costs(candidates), students.costs(students.teacher())
    return torch.stack([costs.params / whole.params, costs.macs / whole.macs], 1).log2().double()


def _guess(source: Source, students: StudentSpace, candidates: Candidates) -> torch.Tensor:
    return source.guess(students.tokens(candidates), _logs(students, candidates))


def _shape(students: StudentSpace, candidates: Candidates, accuracy: Accuracy) -> torch.Tensor:
    """What is left of the real outcomes beside a line in the logarithms of costs."""
    outcomes = -(1.005 - accuracy(candidates)).log()
    lines = torch.cat([_logs(students, candidates), torch.ones(len(candidates), 1)], dim=1)
    shape: torch.Tensor = outcomes - lines @ torch.linalg.lstsq(
        lines, outcomes.unsqueeze(1)
    ).solution.squeeze(1)
    return shape


def test_it_guesses_what_costs_alone_do_not_tell(
    saved: SavedEmbedding, students: StudentSpace, accuracy: Accuracy
) -> None:
    drawn = students.sample(200, torch.Generator().manual_seed(2))
    guess = _guess(Source(saved), students, drawn)
    shape = _shape(students, drawn, accuracy)
    assert torch.corrcoef(torch.stack([guess, shape]))[0, 1] > 0.5


def test_how_much_worse_all_students_were_is_no_guess(
    students: StudentSpace, objective: Objective, accuracy: Accuracy
) -> None:
    drawn = students.sample(60, torch.Generator().manual_seed(1))
    guesses = []
    for worse in (1.0, 4.0):  # as many times the error, as after fewer epochs
        found = 1.005 - worse * (1.005 - accuracy(drawn)) / 4
        proposer = EmbeddingProposer(students, objective, SearchSettings(kernels=0, seed=0))
        proposer.tell(observations(students.edits(drawn), found), [])
        proposer.learn()
        guesses.append(_guess(Source(proposer.embedding({})), students, drawn))
    # The errors' logarithms differ by log 4: of that hardly anything is guessed.
    assert (guesses[1] - guesses[0]).mean().abs() < 0.25 * math.log(4)


def test_far_from_all_that_was_seen_the_guess_is_nothing(saved: SavedEmbedding) -> None:
    source = Source(saved)
    findings = saved.findings
    assert findings is not None
    x = findings.x[:5].clone()
    near = source._posterior.bend(x)
    x[:, 1:3] -= 200
    x[:, 3:] *= -1  # the opposite of each embedding
    assert source._posterior.bend(x).abs().max() < 0.02 * near.abs().max()


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
    lying = Source(saved)
    honest = lying.guess
    lying.guess = lambda tokens, logs: -3 * honest(tokens, logs)  # type: ignore[method-assign]
    drawn = students.sample(24, torch.Generator().manual_seed(3))
    proposer = EmbeddingProposer(students, under, SearchSettings(0, 0), source=lying)
    proposer.tell(observations(students.edits(drawn), accuracy(drawn)), [])
    proposer.ask(1)
    gp, layout = proposer._surrogate.gp, proposer._surrogate.layout
    (x,) = cast("tuple[torch.Tensor]", gp.train_inputs)
    pair = x[1:2].repeat(2, 1)
    pair[1, layout.guesses] += 1
    with torch.no_grad():
        low, high = gp.posterior(pair).mean.flatten().tolist()
    assert high - low < 0.1  # it was believed by a half


def test_a_network_of_another_kind_of_images_can_be_guessed_at(
    saved: SavedEmbedding, three: Space
) -> None:
    students = StudentSpace(three)
    guess = _guess(Source(saved), students, students.sample(3, torch.Generator().manual_seed(0)))
    assert torch.isfinite(guess).all()
