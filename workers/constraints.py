"""From a request's constraints to absolute limits, and whether anything can meet them."""

from __future__ import annotations

from collections.abc import Mapping

from app.limits import COSTS, cost_limits
from app.problems import FieldError
from app.requests import ConstraintsRequest, JobRequest
from embedding import (
    InfeasibleConstraint,
    Limits,
    Objective,
    RandomProposer,
    SearchSettings,
    StudentSpace,
)
from networks import Architecture, NothingToEditError, Space
from workers.adapruner import expect_widths
from workers.problems import InfeasibleConstraints, UnfitLatency, UnfitNetwork

MOST_BATCH_BYTES = 16 * 2**30  # of the teacher's activations, most of them gone before the end


def costs_of(space: Space) -> dict[str, int]:
    """Returns the teacher's `params`, `macs` and `bytes`."""
    costs = space.costs(space.teacher())
    return {name: int(getattr(costs, name)) for name in COSTS}


def limits_of(constraints: ConstraintsRequest, teacher: Mapping[str, int]) -> Limits:
    """Returns inclusive maxima: of a cost and its ratio the tighter; a ratio rounds down."""
    return Limits(**cost_limits(constraints, teacher))


def objective_of(
    request: JobRequest, teacher: Mapping[str, int], accuracy: float = 1.0
) -> Objective:
    """Returns what a job's search maximises.

    Args:
        request: the job's.
        teacher: what its teacher costs.
        accuracy: the teacher's; what is only asked for feasible students needs none.
    """
    wanted = request.objective
    costs = wanted.costs or ()
    return Objective(
        wanted.kind,
        limits_of(request.constraints, teacher),
        teacher["params"],
        accuracy,
        costs=costs,
        teacher_costs=tuple(teacher[name] for name in costs),
    )


def expect_feasible(space: Space, request: JobRequest) -> None:
    """Sees, before anything is trained, whether a student can meet the constraints.

    Raises:
        InfeasibleConstraints: none can; names the fields and what the smallest student has.
    """
    teacher, strategy = costs_of(space), request.search.strategy
    objective = objective_of(request, teacher)
    try:
        if strategy == "adapruner":
            expect_widths(space, objective)
        else:
            RandomProposer(StudentSpace(space), objective, SearchSettings(1, request.search.seed))
    except InfeasibleConstraint as error:
        broken = _broken(request.constraints, error.smallest, teacher)
        alone = "; `adapruner` changes widths alone" if strategy == "adapruner" else ""
        raise InfeasibleConstraints(f"{error}{alone}", broken) from error


def searchable(architecture: Architecture, request: JobRequest) -> Space:
    """Returns the space of the teacher's students, in which one can meet the constraints.

    Raises:
        UnfitNetwork: there is nothing to edit.
        UnfitLatency: a batch that is to be measured is too large.
        InfeasibleConstraints: as `expect_feasible`.
    """
    teacher = request.teacher
    try:
        space = Space(architecture, request.search.round_to)
    except NothingToEditError as error:
        field = "network" if teacher.id is None else "id"
        raise UnfitNetwork.because(f"{teacher.name}: {error}", field) from error
    _expect_small_batches(space, request)
    expect_feasible(space, request)
    return space


def _expect_small_batches(space: Space, request: JobRequest) -> None:
    n = request.latency.batch_size
    of_one = 4 * int(space.costs(space.teacher()).activations)
    if n * of_one > MOST_BATCH_BYTES:
        detail = (
            f"all layers' outputs take {n * of_one / 2**30:.3g} GiB for a batch of {n};"
            f" {MOST_BATCH_BYTES / 2**30:.3g} GiB are allowed, a batch of"
            f" {MOST_BATCH_BYTES // of_one}"
        )
        raise UnfitLatency.because(detail, "batch_size")


def _broken(
    constraints: ConstraintsRequest, smallest: Mapping[str, int], teacher: Mapping[str, int]
) -> list[FieldError]:
    """Returns an error for each constraint that the smallest student doesn't meet."""
    errors = []
    for name in COSTS:
        ratio = smallest[name] / teacher[name]
        detail = f"the smallest student has {smallest[name]:,} {name}, {ratio:.6f} of the teacher's"
        for field, value in ((name, smallest[name]), (f"{name}_ratio", ratio)):
            limit = getattr(constraints, field)
            if limit is not None and value > limit:
                errors.append(FieldError(f"#/constraints/{field}", detail))
    return errors
