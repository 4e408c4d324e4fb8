import pytest

from embedding import EmbeddingError, Objective, SearchSettings, StudentSpace, saved
from embedding.embedding_proposer import EmbeddingProposer
from embedding.make_proposer import make_proposer
from embedding.random_proposer import RandomProposer
from networks import Space

SETTINGS = SearchSettings(kernels=2, seed=0)


def test_each_strategy_has_its_proposer(space: Space, objective: Objective) -> None:
    made = [make_proposer(x, space, objective, SETTINGS) for x in ("embedding", "random")]
    assert isinstance(made[0], EmbeddingProposer)
    assert isinstance(made[1], RandomProposer)


def test_an_unknown_strategy_is_refused_with_those_there_are(
    space: Space, objective: Objective
) -> None:
    with pytest.raises(EmbeddingError, match="'genetic': there are embedding, random"):
        make_proposer("genetic", space, objective, SETTINGS)


def test_the_state_comes_before_the_embedding(
    space: Space, students: StudentSpace, objective: Objective
) -> None:
    source, other = (
        EmbeddingProposer(students, objective, SearchSettings(kernels=2, seed=seed))
        for seed in (1, 2)
    )
    embedding = other.embedding({})
    begun = make_proposer("embedding", space, objective, SETTINGS, b"", embedding, "adapt")
    assert begun.state() == other.state()
    state = source.state()
    continued = make_proposer("embedding", space, objective, SETTINGS, state, embedding, "adapt")
    assert continued.state() == state


def test_a_state_that_is_none_is_refused(space: Space, objective: Objective) -> None:
    with pytest.raises(EmbeddingError, match="not a saved embedding"):
        make_proposer("embedding", space, objective, SETTINGS, b"something else")


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
