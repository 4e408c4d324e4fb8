"""Made-up trials."""

from collections.abc import Sequence

from torch import Tensor

from embedding import Observation
from networks import Edits


def observations(edits: Sequence[Edits], accuracy: Tensor) -> list[Observation]:
    """Returns trials, numbered in order, that gave these accuracies."""
    pairs = zip(edits, accuracy.tolist(), strict=True)
    return [Observation(number, each, found) for number, (each, found) in enumerate(pairs)]
