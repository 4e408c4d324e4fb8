"""Whose row is next: keys take turns, so that nobody's many jobs keep others' waiting."""

from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, case, func, not_, or_, select
from sqlalchemy.orm import Session

from app.job_states import BEGUN_STATES, WORKABLE_STATES
from app.lease_time import has_run_out
from app.tables import Estimate, Job, Leased, Teacher

R = TypeVar("R", bound=Leased)
_WORKABLE = (*WORKABLE_STATES, "running", "checking")  # of a job, an estimate or a teacher
# PostgreSQL's numbers of locks; any but that of migrations.
_CLAIMS: dict[type[Leased], int] = {Job: 0x5712, Estimate: 0x5713, Teacher: 0x5713}


def next_in_turn(session: Session, table: type[R], most_of_key: int = 0) -> R | None:
    """Returns the row to be worked on, locked for this transaction; others wait to take the next.

    It is of the key that has the fewest worked on now. Of several such a job that was begun comes
    first, as its coordinator died or stopped; then it is the turn of the key for which something
    was worked on the longest ago, and of its oldest. Mostly there is one coordinator, which works
    on nothing while it looks for the next.

    Args:
        session: of a write.
        table: the kind of work.
        most_of_key: how many of one key may be worked on at once, with this one; 0 for any.
    """
    _one_at_a_time(session, table)
    keys = session.scalars(select(table.owner).where(_is_waiting(table)).distinct().limit(2)).all()
    if not keys:
        return None
    in_turn = len(keys) > 1 or most_of_key
    query = _oldest_in_turn(table, most_of_key) if in_turn else _oldest(table)
    row: R | None = session.scalar(query)
    return row


def _one_at_a_time(session: Session, table: type[Leased]) -> None:
    """Lets claims wait for each other: each has to see whose turn those before it took."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_CLAIMS[table])))


def _oldest(table: type[Leased]) -> Select[Any]:
    return (
        select(table)
        .where(_is_waiting(table))
        .order_by(_is_begun(table).desc(), table.created_at, table.id)
        .limit(1)
        .with_for_update(of=table, skip_locked=True)
    )


def _oldest_in_turn(table: type[Leased], most_of_key: int) -> Select[Any]:
    """Returns the query by turns, which reads all rows: for when more keys than one wait."""
    is_held = and_(table.lease_owner.is_not(None), not_(has_run_out(table)))
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
    if most_of_key:
        query = query.where(or_(table.owner.is_(None), turns.c.held < most_of_key))
    in_turn = (turns.c.held, _is_begun(table).desc(), turns.c.last.nulls_first())
    return query.order_by(None).order_by(*in_turn, table.created_at, table.id)


def _is_waiting(table: type[Leased]) -> ColumnElement[bool]:
    return and_(table.state.in_(_WORKABLE), has_run_out(table))


def _is_begun(table: type[Leased]) -> ColumnElement[int]:
    return case((table.state.in_(BEGUN_STATES), 1), else_=0)
