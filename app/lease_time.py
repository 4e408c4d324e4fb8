"""How long a lease lasts, by a clock that may jump."""

from typing import Any

from sqlalchemy import ColumnElement, or_

from app.clock import DatabaseTime
from app.tables import Leased

_STEP_S = 1.0  # a clock that is set right goes back by less


def lasting(lease_s: float) -> dict[str, Any]:
    """Returns the columns of a lease that lasts `lease_s` seconds from now."""
    return {"lease_from": DatabaseTime(), "lease_until": DatabaseTime(lease_s)}


def has_run_out(table: type[Leased]) -> ColumnElement[bool]:
    """Returns the condition that a row's lease is over, or that none was given.

    One that begins in the future was given before the clock went back: nobody can tell how long it
    would still last. Whoever holds it, and lives, has it begin anew at the next renewal.
    """
    return or_(
        table.lease_until.is_(None),
        table.lease_until < DatabaseTime(),
        table.lease_from > DatabaseTime(_STEP_S),
    )
