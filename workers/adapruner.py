"""AdaPruner's networks for a job: its only one, or what its search begins with.

docs/adapruner.md tells what of it is the paper's (arXiv 2109.06397).
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from app.problems import FieldError
from app.requests import JobRequest
from embedding import (
    GivenProposer,
    Objective,
    SearchSettings,
    StudentSpace,
)
from networks import Costs, Edits, Space, budget_widths, narrowest, scale_importance
from workers.problems import InfeasibleConstraints

# Of the teacher's parameters (of a Pareto set, of its first cost): the budgets of the networks that
# a search without limits begins with. The best score is nearly always below a half.
SHARES = {"score": (0.25, 0.1), "accuracy": (0.5,), "pareto": (0.5, 0.25, 0.1)}
EVALUATIONS_EACH = 8  # of a search, for each network that it begins with after the first one


def first_students(
    request: JobRequest, space: Space, objective: Objective, weights: Mapping[str, Tensor]
) -> tuple[Edits, ...]:
    """Returns what the job's search tries first, in this order; nothing if it is random.

    With limits the network that just meets all of them, else one for each of a few budgets.

    Args:
        request: the job's.
        space: of all students.
        objective: its limits count.
        weights: the teacher's, by tensor name.
    """
    if request.search.strategy == "random":
        return ()
    importance = scale_importance(space, weights)
    limits = vars(objective.limits).values()
    if any(limit is not None for limit in limits):
        found = [budget_widths(space, importance, objective.feasible)]
    else:
        most = max(request.search.evaluations // EVALUATIONS_EACH, 1)
        name = objective.costs[0] if objective.costs else "params"
        found = [
            budget_widths(space, importance, _Budget(space, name, share))
            for share in SHARES[objective.kind][:most]
        ]
    return tuple(edits for edits in found if edits is not None)


class _Budget:
    """Whether students have at most a share of the teacher's cost of one name."""

    def __init__(self, space: Space, name: str, share: float) -> None:
        self._name = name
        self._most = share * int(getattr(space.costs(space.teacher()), name))

    def __call__(self, costs: Costs) -> Tensor:
        meets: Tensor = getattr(costs, self._name) <= self._most
        return meets


def expect_widths(space: Space, objective: Objective) -> None:
    """Sees, before a teacher is trained, whether widths alone can meet the limits.

    Raises:
        InfeasibleConstraint: not even the narrowest layers do; says what they cost.
        InfeasibleConstraints: no layer can be narrower than the teacher's.
    """
    if bool((space.steps == space.units).all()):
        detail = (
            "`adapruner` makes layers narrower, and none of this network's can be, at widths that"
            " are multiples of `round_to`"
        )
        raise InfeasibleConstraints(detail, [FieldError("#/search/round_to", detail)])
    first = space.edits(narrowest(space))
    GivenProposer(StudentSpace(space), objective, SearchSettings(1, seed=0), first)
