"""What is sent to a database while something is done."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from app.database import Database


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Yields a list that takes every statement, as it is sent; BEGIN is one of SQLite's."""
    sent: list[str] = []

    def note(*arguments: object) -> None:
        sent.append(str(arguments[2]))

    engines = [engine for engine in (database._engine, database._hasty) if engine is not None]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
