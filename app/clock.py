"""The database's clock: time stamps and leases are told by it, never by a process's own."""

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ColumnElement
from sqlalchemy.sql.visitors import InternalTraversal
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time; SQLite keeps it as text that sorts by time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Returns the time in UTC, without a zone where the database keeps none."""
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, _: Dialect) -> datetime | None:
        """Returns the time as aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class DatabaseTime(ColumnElement[datetime]):
    """The database's time when the statement runs, `offset_s` seconds later."""

    inherit_cache = True
    # The offset stands in the statement's text: those of equal ones are put together once.
    _traverse_internals = [  # noqa: RUF012 - as the class above has it
        ("offset_s", InternalTraversal.dp_plain_obj)
    ]
    type = UtcDateTime()

    def __init__(self, offset_s: float = 0.0) -> None:
        self.offset_s = float(offset_s)


@compiles(DatabaseTime, "sqlite")
def _sqlite_time(element: DatabaseTime, _: SQLCompiler, **__: object) -> str:
    # Six digits, as SQLAlchemy writes times, so that they compare as text.
    return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', '{element.offset_s:+.3f} seconds')"


@compiles(DatabaseTime, "postgresql")
def _postgresql_time(element: DatabaseTime, _: SQLCompiler, **__: object) -> str:
    # The wall clock: now() would be the time at which the transaction began.
    return f"clock_timestamp() + make_interval(secs => {element.offset_s:.3f})"
