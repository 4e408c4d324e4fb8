"""What a search maximises: computed from accuracy and from costs that are known exactly.

[Ashok2018] A. Ashok, N. Rhinehart, F. Beainy, K. Kitani. N2N learning: network to network
    compression via policy gradient reinforcement learning. ICLR 2018.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from networks import Candidates, Costs, Space

Screen = Callable[[Candidates], Tensor]
"""Tells of `n` candidates which are worth a closer look: `n` booleans."""


@dataclass(frozen=True)
class Limits:
    """Inclusive maxima of a student's costs; `None` is no limit."""

    params: int | None = None
    macs: int | None = None
    bytes: int | None = None


@dataclass(frozen=True)
class Objective:
    """The value of a student and whether its costs are allowed.

    Attributes:
        screen: leaves out candidates that aren't likely to keep a limit that only a measurement
            can tell; what it lets through may still be refused when it is proposed.

    Raises:
        ValueError: if the teacher has no parameters or an accuracy outside (0, 1].
    """

    kind: Literal["score", "accuracy"]
    limits: Limits
    teacher_params: int
    teacher_accuracy: float
    screen: Screen | None = None

    def __post_init__(self) -> None:
        if self.teacher_params < 1:
            raise ValueError(f"teacher_params must be positive, got {self.teacher_params}")
        if not 0 < self.teacher_accuracy <= 1:
            raise ValueError(f"teacher_accuracy must be in (0, 1], got {self.teacher_accuracy}")

    def value(self, accuracy: Tensor, costs: Costs) -> Tensor:
        """Returns what is maximised, affine in accuracy.

        Args:
            accuracy: `... x n`, fractions.
            costs: of the same `n` students.

        Returns:
            `... x n`: the accuracy, or the score C(2 - C) A / A_teacher with
            C = 1 - params / params_teacher [Ashok2018], in the accuracy's dtype.
        """
        if self.kind == "accuracy":
            return accuracy
        compression = 1 - costs.params.to(accuracy.dtype) / self.teacher_params
        return compression * (2 - compression) * accuracy / self.teacher_accuracy

    def allows(self, space: Space, candidates: Candidates) -> Tensor:
        """Returns `n` booleans: whether each keeps to every limit and passes the screen."""
        allowed = self.feasible(space.costs(candidates))
        return allowed if self.screen is None else allowed & self.screen(candidates)

    def feasible(self, costs: Costs) -> Tensor:
        """Returns `n` booleans: whether each student keeps to every limit."""
        allowed = torch.ones_like(costs.params, dtype=torch.bool)
        limits = self.limits
        pairs = ((limits.params, costs.params), (limits.macs, costs.macs))
        for limit, cost in (*pairs, (limits.bytes, costs.bytes)):
            if limit is not None:
                allowed = allowed & (cost <= limit)
        return allowed


def score(params: int, accuracy: float, teacher_params: int, teacher_accuracy: float) -> float:
    """Returns one student's score C(2 - C) A / A_teacher [Ashok2018]."""
    compression = 1 - params / teacher_params
    return compression * (2 - compression) * accuracy / teacher_accuracy
