"""The database: short reads and writes, on SQLite or PostgreSQL, and its migrations."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from functools import partial
from importlib.resources import files
from pathlib import Path
from sqlite3 import SQLITE_BUSY
from typing import Any, TypeVar

from anyio.to_thread import run_sync
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from app.home import FOR_ITS_USER_ALONE
from app.ownership import VisitorsSession
from app.problems import NotReady
from app.tables import REVISION
from app.visitor import Visitor

T = TypeVar("T")
Also = Callable[[Session, T], None]  # something to be done with a new record, before the commit

_BUSY_TIMEOUT_S = 30.0  # writes take milliseconds, so this is a dead disk, not a queue
# Of PostgreSQL's connections, unless the URL says otherwise. A network that swallows everything
# surfaces before a lease of the usual length runs out.
_CONNECTION = {
    "connect_timeout": 10,  # s
    "keepalives_idle": 5,  # s
    "keepalives_interval": 5,  # s
    "keepalives_count": 2,
    "tcp_user_timeout": 15_000,  # ms
    "options": "-c statement_timeout=20s",
}
_LOCK_TIMEOUT_S = 10  # a migration gives up rather than let every request queue behind it
_MIGRATION_LOCK = 0x5711  # any number, the same for every process that migrates
_POOL_SIZE, _POOL_OVERFLOW = 5, 40  # at least the API's threads, so that none waits for another
# What SQLite is asked is computed, most of it holding the interpreter's lock: with more threads
# than this a server that is asked too much spends twice the time on each answer, waiting for the
# lock. PostgreSQL is waited for without it.
_THREADS_OF_SQLITE, _THREADS_OF_POSTGRESQL = 4, 40


def nothing_else(_: Session, __: object) -> None:
    """Does nothing, where something may be done in a transaction."""


class Database:
    """One database; safe to share between threads.

    `read()` sees one snapshot and never waits for a writer. `write()` is one transaction that
    commits at its end and is rolled back by an exception; on SQLite it begins IMMEDIATE, so that it
    can't read what another is about to change, nor fail half-way as a deferred one does.

    Attributes:
        url: without its password.
        threads: how many of a process should work with it at once.
    """

    def __init__(self, url: str) -> None:
        """Opens nothing yet; `postgresql://…` is taken for the psycopg driver."""
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.url = parsed.render_as_string(hide_password=True)
        self._is_sqlite = parsed.get_backend_name() == "sqlite"
        self.threads = _THREADS_OF_SQLITE if self._is_sqlite else _THREADS_OF_POSTGRESQL
        options: dict[str, Any] = {"pool_size": _POOL_SIZE, "max_overflow": _POOL_OVERFLOW}
        if self._is_sqlite:
            options["connect_args"] = {"timeout": _BUSY_TIMEOUT_S}
            if parsed.database:
                folder = Path(parsed.database).parent
                folder.mkdir(mode=FOR_ITS_USER_ALONE, parents=True, exist_ok=True)
        else:
            options["pool_pre_ping"] = True
            options["connect_args"] = {
                k: v for k, v in _CONNECTION.items() if k not in parsed.query
            }
        engine = create_engine(parsed, **options)
        self._hasty: Engine | None = None  # waits for nobody; of SQLite alone
        if self._is_sqlite:
            _take_over_transactions(engine)
            self._hasty = create_engine(parsed, **options | {"connect_args": {"timeout": 0}})
            _take_over_transactions(self._hasty)
        self._engine = engine
        self._writer = engine.execution_options(immediate=True)  # read by `_take_over_transactions`
        self._reader = engine
        if not self._is_sqlite:
            self._reader = engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        self._session: Callable[[Engine], Session] = Session

    def seen_by(self, visitor: Visitor) -> "Database":
        """Returns the same database, in which other owners' rows are not there (`app.ownership`).

        It shares the connections: who closes one closes both.
        """
        seen = copy(self)
        seen.__dict__["_session"] = partial(VisitorsSession, visitor=visitor)
        return seen

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Yields a session that sees one snapshot; whatever it changes is thrown away."""
        with self._session(self._reader) as session:
            yield session

    async def look(self, read: Callable[[Session], T], *, is_short: bool = True) -> T:
        """Returns what a read finds, for one who asks on the event loop.

        What SQLite is asked is computed, holding the interpreter's lock: to hand it to a thread and
        wait for its turn takes longer than to read a row, and holds up the loop as well. So a short
        read is done here and now; by a thread only if it has to wait for a lock. PostgreSQL, which
        computes elsewhere, is waited for by a thread.

        Args:
            read: is called, maybe twice.
            is_short: whether it takes some milliseconds at most.
        """
        if self._hasty is not None and is_short:
            try:
                with self._session(self._hasty) as session:
                    return read(session)
            except OperationalError as error:
                if not _is_locked(error):
                    raise
        return await run_sync(self._read_with, read)

    def _read_with(self, read: Callable[[Session], T]) -> T:
        with self.read() as session:
            return read(session)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Yields a session in a transaction that commits at the end. Keep it short."""
        with self._session(self._writer) as session, session.begin():
            yield session

    def upgrade(self) -> None:
        """Brings the tables to the newest revision, or leaves them; several may call at once."""
        from alembic import command  # the API's process never migrates, so never pays for it
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(files("migrations")).replace("%", "%%"))
        if self._is_sqlite:
            self._use_write_ahead_log()
        with self._writer.begin() as connection:
            if not self._is_sqlite:
                connection.execute(text("SET LOCAL statement_timeout = 0"))
                connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT_S}s'"))
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def check(self) -> None:
        """Checks that the database answers and has this version's tables.

        Raises:
            NotReady: it can't be reached, or is at another revision; says what to do.
        """
        try:
            with self._reader.connect() as connection:
                found = connection.scalar(text("SELECT version_num FROM alembic_version"))
        except (OperationalError, ProgrammingError) as error:
            if not _is_missing_table(error):
                raise NotReady(f"the database {self.url} can't be reached") from error
            found = None
        if found != REVISION:
            raise NotReady(
                f"the database {self.url} is at revision {found or 'none'}, but {REVISION} is"
                " wanted: run `stillhouse db upgrade`"
            )

    def close(self) -> None:
        """Closes every connection."""
        self._engine.dispose()
        if self._hasty is not None:
            self._hasty.dispose()

    def _use_write_ahead_log(self) -> None:
        """Switches the file to WAL, which stays; outside a transaction, as SQLite wants it."""
        connection = self._engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA journal_mode=WAL")
        finally:
            connection.close()


def _take_over_transactions(engine: Engine) -> None:
    """Has SQLAlchemy say BEGIN: the sqlite3 driver says none before a SELECT, and only deferred."""

    def on_connect(dbapi_connection: DBAPIConnection, _: object) -> None:
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("immediate", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)


def _is_locked(error: OperationalError) -> bool:
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == SQLITE_BUSY  # or of its kinds


def _is_missing_table(error: OperationalError | ProgrammingError) -> bool:
    undefined_table = getattr(error.orig, "sqlstate", None) == "42P01"
    return undefined_table or "no such table" in str(error.orig)
