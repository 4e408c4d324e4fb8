"""All criteria by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from networks.importance.activation import activation
from networks.importance.positions import at_random, first
from networks.importance.ranking import Importance
from networks.importance.taylor import Batch, taylor
from networks.importance.weight_criteria import Weights, fpgm, gamma, l1, l2
from networks.space import Space

Criterion = Literal["l1", "l2", "gamma", "fpgm", "taylor", "activation", "random", "first"]

CRITERIA: tuple[Criterion, ...] = get_args(Criterion)


def importances(
    space: Space, weights: Weights, batches: Sequence[Batch], seed: int
) -> dict[Criterion, Importance]:
    """Each criterion's importance of the units, in the order of `CRITERIA`.

    Args:
        space: The teacher's.
        weights: The teacher's, by tensor name.
        batches: Training images and labels for `taylor` and `activation`.
        seed: Of `random`.

    Raises:
        WeightsError: If the weights are not the teacher's.
        ValueError: If there is no batch.
    """
    if not batches:
        raise ValueError("importance by data needs at least one batch of images")
    return {
        "l1": l1(space, weights),
        "l2": l2(space, weights),
        "gamma": gamma(space, weights),
        "fpgm": fpgm(space, weights),
        "taylor": taylor(space, weights, batches),
        "activation": activation(space, weights, batches),
        "random": at_random(space, seed),
        "first": first(space),
    }
