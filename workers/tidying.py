"""Tidies up after jobs that have ended, whoever ended them and however."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from app.artifacts import Artifacts
from app.database import Database
from app.estimates import delete_old_estimates
from app.leftovers import delete_leftovers, lately_ended

log = logging.getLogger(__name__)

ROUND_S = 60.0
FIRST_ROUND_S = 86_400.0  # of jobs that ended while there was no coordinator
AFTER_S = 300.0  # for which a job that has ended is looked at again
DAY_S = 86_400.0  # between two looks for what is old
LONGEST_WRITE_S = 86_400.0  # what was written to a day ago has no writer any more


@dataclass
class Tidier:
    """Deletes what ended jobs and killed writers left, and old estimates; several may, on a store.

    Whatever goes wrong is logged and costs space alone.
    """

    database: Database
    artifacts: Artifacts
    clock: Callable[[], float] = time.monotonic
    _last_round: float | None = field(init=False, default=None)
    _daily_at: float | None = field(init=False, default=None)

    def run(self, stop: threading.Event) -> None:
        """Makes round after round until it is stopped."""
        while not stop.is_set():
            self.make_round()
            stop.wait(ROUND_S)

    def tidy(self, job_id: str) -> None:
        """Deletes what a job left, if it has ended."""
        try:
            count = delete_leftovers(self.database, self.artifacts, job_id)
        except Exception:
            log.exception("%s: not all that it left was deleted", job_id)
            return
        if count:
            log.info("%s: %d artifacts that no row names were deleted", job_id, count)

    def make_round(self) -> None:
        """Tidies up once more after all jobs that ended of late, and each day after all others.

        A coordinator or a worker that was stopped, and goes on when the job has ended, may have
        written again; one that was killed in the job's last moment has not tidied up; and nobody
        holds a job that is cancelled while it is paused.
        """
        now, last = self.clock(), self._last_round
        try:
            with self.database.read() as session:
                since = FIRST_ROUND_S if last is None else now - last + AFTER_S
                jobs = lately_ended(session, since)
        except Exception:
            log.exception("the jobs that ended can't be read")
            return
        self._last_round = now
        for job_id in jobs:
            self.tidy(job_id)
        if self._daily_at is None or now - self._daily_at >= DAY_S:
            self._delete_parts()
            self._delete_estimates()
            self._daily_at = now

    def _delete_parts(self) -> None:
        try:
            parts = self.artifacts.delete_parts(LONGEST_WRITE_S)
        except Exception:
            log.exception("not all that killed writers left was deleted")
            return
        if parts:
            log.info("%d files that nobody wrote any more were deleted", parts)

    def _delete_estimates(self) -> None:
        try:
            estimates = delete_old_estimates(self.database)
        except Exception:
            log.exception("old estimates were not deleted")
            return
        if estimates:
            log.info("%d estimates that ended more than a week ago were deleted", estimates)
