import functools
from dataclasses import replace
from typing import Literal, cast

import pytest

from embedding import (
    EmbeddingError,
    Objective,
    Observation,
    SavedEmbedding,
    SearchSettings,
    StudentSpace,
    saved,
)
from embedding.embedding_proposer import EmbeddingProposer
from embedding.hedged import hedged
from embedding.make_proposer import make_proposer
from embedding.random_proposer import RandomProposer
from networks import Edits, Space
from tests.embedding.conftest import Accuracy
from tests.embedding.trials import observations

SETTINGS = SearchSettings(kernels=2, seed=0)


def test_each_strategy_has_its_proposer(space: Space, objective: Objective) -> None:
    made = [make_proposer(x, space, objective, SETTINGS) for x in ("embedding", "random")]
    assert isinstance(made[0], EmbeddingProposer)
    assert isinstance(made[1], RandomProposer)


def test_an_unknown_strategy_is_refused_with_those_there_are(
    space: Space, objective: Objective
) -> None:
    with pytest.raises(EmbeddingError, match="'genetic': there are embedding, random, adapruner"):
        make_proposer("genetic", space, objective, SETTINGS)


def test_the_state_comes_before_the_embedding(
    space: Space, students: StudentSpace, objective: Objective
) -> None:
    source, other = (
        EmbeddingProposer(students, objective, SearchSettings(kernels=2, seed=seed))
        for seed in (1, 2)
    )
    embedding = other.embedding({})
    begun = make_proposer("embedding", space, objective, SETTINGS, b"", embedding, "frozen")
    assert begun.state() == other.state()
    adapting = make_proposer("embedding", space, objective, SETTINGS, b"", embedding)
    started = EmbeddingProposer(students, objective, SETTINGS, hedged(embedding, SETTINGS))
    assert adapting.state() == started.state() != other.state()
    state = source.state()
    continued = make_proposer("embedding", space, objective, SETTINGS, state, embedding, "adapt")
    assert continued.state() == state


@pytest.fixture(scope="module")
def learned(
    students: StudentSpace, objective: Objective, told: list[Observation]
) -> SavedEmbedding:
    """What a search learned from some trials, with three kernels."""
    proposer = EmbeddingProposer(students, objective, SearchSettings(kernels=3, seed=7))
    proposer.tell(told, [])
    proposer.learn()
    return SavedEmbedding.from_bytes(proposer.embedding({}).to_bytes())


def test_the_trials_of_an_embedding_are_a_guess(
    space: Space, objective: Objective, learned: SavedEmbedding
) -> None:
    without = replace(learned, findings=None)
    first = [
        make_proposer("embedding", space, objective, SETTINGS, None, x) for x in (learned, without)
    ]
    columns = [cast("EmbeddingProposer", x)._surrogate.layout.sources for x in first]
    assert columns == [1, 0]
    assert first[0].ask(2) != first[1].ask(2)


@pytest.mark.parametrize("mode", ["frozen", "adapt"])
def test_a_job_that_began_from_an_embedding_goes_on_as_it_would_have(
    space: Space,
    objective: Objective,
    accuracy: Accuracy,
    learned: SavedEmbedding,
    mode: Literal["frozen", "adapt"],
) -> None:
    def searched(restarts: bool) -> list[Edits]:
        made = functools.partial(make_proposer, "embedding", space, objective, SETTINGS)
        proposer, asked = made(None, learned, mode), []
        for _ in range(3):
            asked += proposer.ask(2)
            if restarts:
                proposer = made(proposer.state(), learned, mode)
            proposer.tell(observations(asked, accuracy(space.candidates(asked))), [])
        return asked

    assert searched(restarts=True) == searched(restarts=False)


def test_a_state_that_is_damaged_is_learned_again(
    space: Space, objective: Objective, caplog: pytest.LogCaptureFixture
) -> None:
    proposer = make_proposer("embedding", space, objective, SETTINGS, b"something else")
    assert proposer.state() == make_proposer("embedding", space, objective, SETTINGS).state()
    assert "not a saved embedding" in caplog.text


def test_a_state_of_another_encoding_is_learned_again(
    space: Space,
    objective: Objective,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with monkeypatch.context() as older:
        older.setattr(saved, "ENCODING_VERSION", 1)
        state = make_proposer("embedding", space, objective, SETTINGS).state()
    proposer = make_proposer("embedding", space, objective, SETTINGS, state)
    assert proposer.state() == make_proposer("embedding", space, objective, SETTINGS).state()
    assert "of encoding version 1" in caplog.text
