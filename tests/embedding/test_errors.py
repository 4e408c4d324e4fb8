import pytest

from embedding import EmbeddingError, InfeasibleConstraint, SpaceExhausted
from embedding.errors import FitError, OtherEncoding
from networks import Edits


@pytest.mark.parametrize("kind", [OtherEncoding, FitError, SpaceExhausted, InfeasibleConstraint])
def test_all_have_one_root(kind: type[Exception]) -> None:
    assert issubclass(kind, EmbeddingError)


def test_an_exhausted_space_says_how_many_there_were() -> None:
    left = [Edits((), {"conv": 2}, ())]
    error = SpaceExhausted(3, left)
    assert error.found == left
    assert "3 new candidates were asked for and 1 found" in str(error)


def test_what_can_not_be_met_says_what_the_smallest_has() -> None:
    assert "the smallest has 1,234 params, 5 macs" in str(
        InfeasibleConstraint({"params": 1234, "macs": 5})
    )
