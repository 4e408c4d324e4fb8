"""Leases of errands: what a coordinator does in passing, also while it works on a job.

An errand is an upload to check or an estimate to make. Which coordinator holds one is told as with
jobs: by the database's clock and a fencing number.
"""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from app.database import Database
from app.lease_time import lasting
from app.problems import LeaseLost
from app.tables import Estimate, Teacher
from app.turns import next_in_turn

Kind = Literal["estimate", "teacher"]
Row = Estimate | Teacher
KINDS: tuple[Kind, ...] = ("estimate", "teacher")
_TABLES: dict[Kind, type[Row]] = {"estimate": Estimate, "teacher": Teacher}


@dataclass(frozen=True)
class ErrandLease:
    """The right to end an errand; void once its fence is higher or its owner another.

    Attributes:
        fence: how often it was claimed, this time included.
        attempts: how often without having been released.
    """

    kind: Kind
    id: str
    owner: str
    fence: int
    attempts: int


def claim_errand(
    database: Database, owner: str, lease_s: float, first: Kind = "estimate", *, alone: bool = False
) -> ErrandLease | None:
    """Takes an errand that nobody holds, or whose holder let its lease run out.

    Keys take turns, each with its oldest one (`app.turns`).

    Args:
        database: where the errands are.
        owner: who takes it.
        lease_s: for how long, in seconds from now.
        first: the kind that comes before the other.
        alone: whether the other is left to others.
    """
    with database.write() as session:
        kinds = [first] if alone else sorted(_TABLES, key=lambda kind: kind != first)
        for kind in kinds:
            table = _TABLES[kind]
            row = next_in_turn(session, table)
            if row is not None:
                row.fence += 1
                row.attempts += 1
                row.lease_owner = owner
                if isinstance(row, Estimate):
                    row.state = "running"
                session.flush()
                _extend(session, table, row.id, lease_s)
                return ErrandLease(kind, row.id, owner, row.fence, row.attempts)
    return None


def renew_errand(database: Database, lease: ErrandLease, lease_s: float) -> None:
    """Makes the lease last `lease_s` seconds from now.

    Raises:
        LeaseLost: another coordinator holds the errand, or it has ended.
    """
    with database.write() as session:
        hold_errand(session, lease)
        _extend(session, _TABLES[lease.kind], lease.id, lease_s)


def release_errand(database: Database, lease: ErrandLease, after_s: float = 0.0) -> None:
    """Lets the errand go, for another coordinator to claim; it doesn't count as an attempt.

    Args:
        database: where the errand is.
        lease: who lets it go; nothing happens if it is void.
        after_s: for how many seconds nobody may claim it.
    """
    with database.write() as session:
        row = _held(session, lease)
        if row is not None:
            row.attempts -= 1
            end_errand(row)
            session.flush()
            if after_s > 0:
                _extend(session, _TABLES[lease.kind], lease.id, after_s)


def hold_errand(session: Session, lease: ErrandLease) -> Row:
    """Returns the errand's row, locked for this transaction.

    Raises:
        LeaseLost: the lease is void.
    """
    row = _held(session, lease)
    if row is None:
        raise LeaseLost(f"the lease of {lease.owner} on {lease.id} (fence {lease.fence}) is void")
    return row


def end_errand(row: Row) -> None:
    """Lets go of a row whose errand is done; the lease is void with the commit."""
    row.lease_owner = row.lease_until = None


def _held(session: Session, lease: ErrandLease) -> Row | None:
    table = _TABLES[lease.kind]
    query: Select[Any] = select(table).where(
        table.id == lease.id,
        table.lease_owner == lease.owner,
        table.fence == lease.fence,
    )
    row: Row | None = session.scalar(query.with_for_update())
    return row


def _extend(session: Session, table: type[Row], row_id: str, lease_s: float) -> None:
    session.execute(update(table).where(table.id == row_id).values(**lasting(lease_s)))
