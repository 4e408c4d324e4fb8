"""From a request's constraints to absolute limits."""

from collections.abc import Mapping
from decimal import Decimal
from typing import get_args

from app.requests import ConstraintsRequest, CostName

COSTS: tuple[str, ...] = get_args(CostName)


def cost_limits(
    constraints: ConstraintsRequest, teacher: Mapping[str, int]
) -> dict[str, int | None]:
    """Returns inclusive maxima: of a cost and its ratio the tighter; a ratio rounds down."""
    return {name: _limit(constraints, name, teacher[name]) for name in COSTS}


def _limit(constraints: ConstraintsRequest, name: str, teacher: int) -> int | None:
    absolute: int | None = getattr(constraints, name)
    ratio: float | None = getattr(constraints, f"{name}_ratio")
    # Decimal: 0.29 of 100 is 29, in floats 28.999….
    of_teacher = None if ratio is None else int(Decimal(repr(ratio)) * teacher)
    given = [limit for limit in (absolute, of_teacher) if limit is not None]
    return min(given, default=None)
