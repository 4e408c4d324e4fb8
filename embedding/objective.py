"""What a search maximises: computed from accuracy and from costs that are known exactly.

[Ashok2018] A. Ashok, N. Rhinehart, F. Beainy, K. Kitani. N2N learning: network to network
    compression via policy gradient reinforcement learning. ICLR 2018.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from embedding.search_space import CandidateSpace
from networks import Candidates, Costs

COSTS = ("params", "macs", "bytes", "activations")
"""The names of costs, in the order of `Layout.costs`."""

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
        kind: `score`, `accuracy`, or `pareto`: the accuracy against each of `costs`.
        screen: leaves out candidates that aren't likely to keep a limit that only a measurement
            can tell; what it lets through may still be refused when it is proposed.
        costs: names of one or two costs, for `pareto` alone.
        teacher_costs: the teacher's, in the same order.

    Raises:
        ValueError: if the teacher has no parameters or an accuracy outside (0, 1], or the costs
            don't fit the kind.
    """

    kind: Literal["score", "accuracy", "pareto"]
    limits: Limits
    teacher_params: int
    teacher_accuracy: float
    screen: Screen | None = None
    costs: tuple[str, ...] = ()
    teacher_costs: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.teacher_params < 1:
            raise ValueError(f"teacher_params must be positive, got {self.teacher_params}")
        if not 0 < self.teacher_accuracy <= 1:
            raise ValueError(f"teacher_accuracy must be in (0, 1], got {self.teacher_accuracy}")
        self._expect_costs()

    def _expect_costs(self) -> None:
        most = 2 if self.kind == "pareto" else 0
        if not min(most, 1) <= len(self.costs) <= most or not set(self.costs) <= set(COSTS):
            raise ValueError(f"{self.kind} takes {min(most, 1)} to {most} costs, not {self.costs}")
        if len(self.costs) != len(self.teacher_costs) or any(x < 1 for x in self.teacher_costs):
            raise ValueError(f"expected a positive number a cost, got {self.teacher_costs}")

    def values(self, accuracy: Tensor, costs: Costs) -> Tensor:
        """Returns all that is maximised.

        Args:
            accuracy: `... x n`, fractions.
            costs: of the same `n` students.

        Returns:
            `... x n x 1`: the value; for `pareto` `... x n x (1 + number of costs)`: the accuracy,
            and 1 - cost / teacher's cost of each.
        """
        if self.kind != "pareto":
            return self.value(accuracy, costs).unsqueeze(-1)
        saved = [
            (1 - getattr(costs, name).to(accuracy.dtype) / teacher).expand_as(accuracy)
            for name, teacher in zip(self.costs, self.teacher_costs, strict=True)
        ]
        return torch.stack([accuracy, *saved], dim=-1)

    def value(self, accuracy: Tensor, costs: Costs) -> Tensor:
        """Returns what is maximised, affine in accuracy; for `pareto` the score.

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

    def allows(self, space: CandidateSpace, candidates: Candidates) -> Tensor:
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
