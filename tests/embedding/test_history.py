import math

import pytest
import torch

from embedding.history import History, Observation
from networks import Space


def test_failed_trials_are_taken_but_not_modelled(space: Space) -> None:
    drawn = space.sample(5, torch.Generator().manual_seed(0))
    edits = space.edits(drawn)
    completed = [
        Observation(4, edits[0], 0.5),
        Observation(1, edits[1], None),
        Observation(0, edits[2], 0.25),
    ]
    history = History.of(space, completed, edits[3:])
    assert history.numbers == (0, 4)
    assert history.accuracy.tolist() == [0.25, 0.5]
    assert space.keys(history.observed) == [space.keys(drawn)[2], space.keys(drawn)[0]]
    assert len(history.pending) == 2
    assert history.trials == 5
    assert history.taken == set(space.keys(drawn)) | set(space.keys(space.teacher()))


def test_no_trials(space: Space) -> None:
    history = History.of(space, [], [])
    assert history.trials == len(history.observed) == len(history.accuracy) == 0
    assert history.taken == set(space.keys(space.teacher()))


def test_a_proposed_candidate_is_pending(space: Space) -> None:
    drawn = space.sample(3, torch.Generator().manual_seed(0))
    history = History.of(space, [Observation(0, space.edits(drawn[:1])[0], 0.5)], [])
    after = history.proposed(space, drawn[1:2]).proposed(space, drawn[2:])
    assert space.keys(after.pending) == space.keys(drawn[1:])
    assert after.trials == 3
    assert set(space.keys(drawn)) <= after.taken
    assert history.trials == 1


@pytest.mark.parametrize("accuracy", [-0.01, 1.01, math.nan, math.inf])
def test_an_accuracy_is_a_fraction(space: Space, accuracy: float) -> None:
    with pytest.raises(ValueError, match="trial 3: expected a fraction"):
        Observation(3, space.edits(space.teacher())[0], accuracy)
