"""Pages of a list: a limit, and an opaque cursor that says where the next page begins."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar, TypeVarTuple

from sqlalchemy import ColumnElement, Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from app.ids import is_id
from app.problems import FieldError, Invalid

T = TypeVar("T")
U = TypeVar("U")
Ts = TypeVarTuple("Ts")


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some items, and the cursor of the next page; None after the last."""

    items: tuple[T, ...]
    next: str | None

    def map(self, change: Callable[[T], U]) -> "Page[U]":
        """Returns the page with each item changed."""
        return Page(tuple(change(item) for item in self.items), self.next)


def cut(items: Sequence[T], limit: int, position: Callable[[T], list[object]]) -> Page[T]:
    """Returns the first `limit` items; one more tells whether there is a next page."""
    if len(items) <= limit:
        return Page(tuple(items), None)
    shown = tuple(items[:limit])
    return Page(shown, encode(position(shown[-1])))


def encode(position: list[object]) -> str:
    """Returns the cursor that stands for a position in a list's order."""
    text = json.dumps(position, default=datetime.isoformat, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_number(cursor: str) -> int:
    """Returns the number that the cursor stands for; raises `Invalid` for any other cursor."""
    match _decode(cursor):
        case [int() as number] if not isinstance(number, bool) and abs(number) < 2**63:
            return number
    raise _unknown_cursor()


def after(
    query: Select[*Ts],
    cursor: str | None,
    kind: str,
    created_at: InstrumentedAttribute[datetime],
    row_id: InstrumentedAttribute[str],
) -> Select[*Ts]:
    """Returns the query in the order newest first, from behind the cursor on.

    `kind` is the prefix of the rows' ids.

    Raises:
        Invalid: the cursor is none of ours.
    """
    ordered = query.order_by(created_at.desc(), row_id.desc())
    if cursor is None:
        return ordered
    position: ColumnElement[bool] = tuple_(created_at, row_id) < decode_place(cursor, kind)
    return ordered.where(position)


def decode_place(cursor: str, kind: str) -> tuple[datetime, str]:
    """Returns the time, in UTC, and the id that the cursor stands for.

    Raises:
        Invalid: it is none of ours for that kind of row.
    """
    match _decode(cursor):
        case [str() as text, str() as last_id] if is_id(kind, last_id):
            try:
                time = datetime.fromisoformat(text)
                if time.tzinfo is not None:
                    return time.astimezone(UTC), last_id
            except (ValueError, OverflowError) as error:
                raise _unknown_cursor() from error
    raise _unknown_cursor()


def _decode(cursor: str) -> object:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise _unknown_cursor() from error


def _unknown_cursor() -> Invalid:
    detail = "this is no cursor that a page of this list gave as `next`"
    return Invalid(detail, [FieldError("#/cursor", detail)])
