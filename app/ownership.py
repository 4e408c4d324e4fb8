"""Whose rows a request sees and makes: one rule for every query that a route's session sends.

A visitor's session finds only rows of the visitor's own key, whatever the repositories ask for, and
what it adds belongs to that key. So somebody else's id is unknown in every route, and in every
body that names one. `select(exists())` without a column of the table is not seen here: no
repository sends it to a table with an owner. Nor are statements past the ORM (`app.core_reads`):
who sends one asks `sees` of each row's owner.
"""

from functools import lru_cache
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import (
    LoaderCriteriaOption,
    ORMExecuteState,
    Session,
    UOWTransaction,
    with_loader_criteria,
)

from app.tables import Owned
from app.visitor import ANYBODY, Visitor

EVERYBODYS = {"everybodys": True}  # execution options of a query that counts other owners' rows too
_VISITOR = "visitor"
_KEYS_REMEMBERED = 1000


class VisitorsSession(Session):
    """A session in which other owners' rows are not there; that of an admin has all."""

    def __init__(self, bind: Any, visitor: Visitor) -> None:  # noqa: ANN401 - as Session has it
        super().__init__(bind, info={_VISITOR: visitor})


def visitor_of(session: Session) -> Visitor:
    """Returns whose session it is; of a coordinator's, which is nobody's, `ANYBODY`."""
    visitor: Visitor = session.info.get(_VISITOR, ANYBODY)
    return visitor


def sees(session: Session, owner: str | None) -> bool:
    """Returns whether an owner's rows are there for the one whose session it is."""
    visitor = visitor_of(session)
    return visitor.sees_all or owner == visitor.key_id


@event.listens_for(VisitorsSession, "do_orm_execute")
def _show_own(state: ORMExecuteState) -> None:
    visitor = visitor_of(state.session)
    if visitor.sees_all or state.execution_options.get("everybodys") or not state.is_orm_statement:
        return
    state.statement = state.statement.options(_own(visitor.key_id))


@event.listens_for(VisitorsSession, "before_flush")
def _own_what_is_new(session: Session, _: UOWTransaction, __: object) -> None:
    for row in session.new:
        if isinstance(row, Owned):
            row.owner = visitor_of(session).key_id


@lru_cache(_KEYS_REMEMBERED)  # to make one costs as much as the query
def _own(owner: str | None) -> LoaderCriteriaOption:
    return with_loader_criteria(Owned, lambda table: table.owner == owner, include_aliases=True)
