"""Whose errand is next: keys take turns, so that nobody's many errands keep others' waiting."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, not_, select
from sqlalchemy.orm import Session

from app.lease_time import has_run_out
from app.tables import Estimate, Teacher

Row = Estimate | Teacher
_WORKABLE_STATES = ("queued", "running", "checking")
_CLAIMS = 0x5713  # PostgreSQL's number of the lock; any but that of migrations and of jobs' claims


def next_errand(session: Session, table: type[Row]) -> Row | None:
    """Returns the errand to be taken, locked for this transaction; others wait to take the next.

    It is the oldest of the key that has the fewest errands worked on now; of several such, of the
    one for which one was worked on the longest ago. Mostly there is one coordinator, which works on
    none while it looks for the next.
    """
    _one_at_a_time(session)
    waiting = select(table.owner).where(_is_waiting(table)).distinct().limit(2)
    keys = session.scalars(waiting).all()
    if not keys:
        return None
    query = _oldest(table) if len(keys) == 1 else _oldest_in_turn(table)
    row: Row | None = session.scalar(query)
    return row


def _one_at_a_time(session: Session) -> None:
    """Lets claims wait for each other: each has to see whose turn those before it took."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_CLAIMS)))


def _oldest(table: type[Row]) -> Select[Any]:
    return (
        select(table)
        .where(_is_waiting(table))
        .order_by(table.created_at, table.id)
        .limit(1)
        .with_for_update(of=table, skip_locked=True)
    )


def _oldest_in_turn(table: type[Row]) -> Select[Any]:
    """Returns the query by turns, which reads all rows: for when more keys than one wait."""
    is_held = and_(table.lease_owner.is_not(None), not_(_is_free(table)))
    turns = (
        select(
            table.owner,
            func.count().filter(is_held).label("held"),
            func.max(table.lease_from).label("last"),
        )
        .group_by(table.owner)
        .subquery()
    )
    query = _oldest(table).join(turns, turns.c.owner.is_not_distinct_from(table.owner))
    in_turn = (turns.c.held, turns.c.last.nulls_first(), table.created_at, table.id)
    return query.order_by(None).order_by(*in_turn)


def _is_waiting(table: type[Row]) -> ColumnElement[bool]:
    return and_(table.state.in_(_WORKABLE_STATES), _is_free(table))


def _is_free(table: type[Row]) -> ColumnElement[bool]:
    return has_run_out(table.lease_from, table.lease_until)
