"""One job in a coordinator's hands: its records, artifacts and calls, and what interrupts it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TypeVar

from app.artifacts import Artifacts
from app.database import Database
from app.job_writer import JobWriter
from app.jobs import get_command, get_job
from app.leases import Lease
from app.problems import LeaseLost
from app.records import Command, JobRecord
from workers.pool import Failure, Finished, Pool
from workers.problems import WorkFailed
from workers.shelf import Shelf

T = TypeVar("T")
log = logging.getLogger(__name__)

POLL_S = 0.25  # longest time in which a lost lease or a stopping coordinator goes unnoticed
COMMAND_POLL_S = 1.0
WAITS = "; waits, as no machine has "  # between what a job's stage says else, and what it waits for


class Commanded(Exception):
    """Raised when a user asked to cancel or pause the job."""

    def __init__(self, command: Command) -> None:
        super().__init__(command)
        self.command = command


class Stopping(Exception):
    """Raised when the coordinator was told to end; another one takes the job over."""


@dataclass
class Work:
    """What a coordinator works with on one job.

    Attributes:
        job: the job as it was when it was claimed.
        lost: set when the lease is lost.
        stop: set when the coordinator is to end.
        shelf: where datasets by name are.
    """

    job: JobRecord
    lease: Lease
    database: Database
    artifacts: Artifacts
    pool: Pool
    lost: threading.Event
    stop: threading.Event
    clock: Callable[[], float] = time.monotonic
    shelf: Shelf = field(default_factory=Shelf)
    writer: JobWriter = field(init=False)
    _asked: float = field(init=False, default=-COMMAND_POLL_S)
    _held: list[Finished] = field(init=False, default_factory=list)
    _missing: str = field(init=False, default="")

    def __post_init__(self) -> None:
        self.writer = JobWriter(self.database, self.lease)

    def key(self, name: str) -> str:
        """Returns the key of one of the job's artifacts."""
        return f"jobs/{self.job.id}/{name}"

    def check(self) -> None:
        """Goes on, unless there is a reason not to.

        Raises:
            LeaseLost: another coordinator may hold the job.
            Stopping: this coordinator is to end.
            Commanded: a user asked to cancel or pause the job.
        """
        if self.lost.is_set():
            raise LeaseLost(f"{self.job.id} is not held any more")
        if self.stop.is_set():
            raise Stopping
        if self.pool.cancelled:  # by a command that may have been taken back since
            raise Commanded(self._command() or "pause")
        if self.clock() - self._asked < COMMAND_POLL_S:
            return
        self._asked = self.clock()
        command = self._command()
        if command is not None:
            raise Commanded(command)

    def wait(self, longest_s: float = POLL_S) -> list[Finished]:
        """Returns the calls that have ended in the next moment; raises as `check` does."""
        self.check()
        if self._held:
            held, self._held = self._held, []
            return held
        return self._ended(longest_s)

    def under_way(self) -> set[Hashable]:
        """Returns the keys of the calls whose end `wait` hasn't told yet; raises as `check` does.

        None is under way after another thread has ended them all: that is not their end.
        """
        keys = self.pool.under_way() | {finished.key for finished in self._held}
        if not keys:
            self.check()
        return keys

    def run(
        self,
        name: str,
        function: Callable[..., T],
        *arguments: object,
        threads: int = 1,
        exactly: bool = False,
    ) -> T:
        """Returns `function(*arguments)`, run on a worker, with threads as `Pool.send` has them.

        Placed arguments are put in. Other calls that end meanwhile are kept for `wait`.

        Raises:
            WorkFailed: the function raised, or its worker died again and again.
            LeaseLost, Stopping, Commanded: as `check`.
        """
        self.pool.send(name, function, *arguments, threads=threads, exactly=exactly)
        while not (mine := [finished for finished in self._held if finished.key == name]):
            self.check()
            self._held += self._ended(POLL_S)
        self._held.remove(mine[0])
        if isinstance(mine[0].value, Failure):
            raise failed_work(self.job.id, name, mine[0].value)
        value: T = mine[0].value
        return value

    def _ended(self, longest_s: float) -> list[Finished]:
        """Returns the calls that end in the next moment."""
        ended = self.pool.wait(longest_s)
        if self.pool.missing != self._missing:
            self._missing = self.pool.missing
            self._tell_missing()
        return ended

    def _tell_missing(self) -> None:
        """Has the job's stage say what machine is waited for; if none is, what else it says."""
        with self.database.read() as session:
            stage, _, _ = get_job(session, self.job.id).stage.partition(WAITS)
        self.writer.set_stage(stage + (self._missing and WAITS + self._missing))

    def _command(self) -> Command | None:
        with self.database.read() as session:
            return get_command(session, self.job.id)


def failed_work(job_id: str, name: str, failure: Failure) -> WorkFailed:
    """Returns the problem of a call that failed; its evidence goes to the log."""
    log.error("%s: %s failed: %s\n%s", job_id, name, failure.detail, failure.evidence)
    return WorkFailed(name, failure.kind, failure.detail)
