"""Notices what a user asks of a job while it is worked on, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextvars import copy_context
from types import TracebackType
from typing import Self

from sqlalchemy.exc import SQLAlchemyError

from app.database import Database
from app.jobs import get_command
from app.leases import Lease

log = logging.getLogger(__name__)

POLL_S = 1.0  # longest time for which calls run on after they were cancelled or paused


class CommandWatch:
    """Ends a job's calls as soon as the job is to be cancelled or paused.

    The thread stands outside the training loop: a proposal that takes long can't let trials run on
    whose results nobody will have. What becomes of the job is for the loop to put on record.
    """

    def __init__(self, database: Database, lease: Lease, on_command: Callable[[], None]) -> None:
        self._database = database
        self._job_id = lease.job_id
        self._on_command = on_command
        self._closed = threading.Event()
        name = f"commands of {lease.job_id}"
        told = copy_context()  # its lines of the log are about what ours are
        self._thread = threading.Thread(target=told.run, args=(self._run,), name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed.set()
        self._thread.join()

    def look(self) -> bool:
        """Ends the calls if there is a command; returns whether there was one."""
        try:
            with self._database.read() as session:
                command = get_command(session, self._job_id)
        except SQLAlchemyError as error:  # whether that loses the lease is told by its keeper
            log.warning("%s: its commands can't be read: %s", self._job_id, error)
            return False
        if command is None:
            return False
        log.info("%s: to %s", self._job_id, command)
        self._on_command()
        return True

    def _run(self) -> None:
        while not self._closed.wait(POLL_S):
            if self.look():
                return
