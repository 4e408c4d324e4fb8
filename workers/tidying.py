"""Tidies up after jobs that have ended, whoever ended them and however."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from app.artifacts import Artifacts
from app.database import Database
from app.leftovers import delete_leftovers, lately_ended

log = logging.getLogger(__name__)

ROUND_S = 60.0
FIRST_ROUND_S = 86_400.0  # of jobs that ended while there was no coordinator


@dataclass
class Tidier:
    """Deletes what ended jobs left. Whatever goes wrong is logged and costs space alone."""

    database: Database
    artifacts: Artifacts
    clock: Callable[[], float] = time.monotonic
    _last_round: float | None = field(init=False, default=None)

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
        """Tidies up once more, now and then, after all jobs that ended of late.

        A coordinator or a worker that was stopped, and goes on when the job has ended, may have
        written again; one that was killed in the job's last moment has not tidied up.
        """
        now, last = self.clock(), self._last_round
        if last is not None and now - last < ROUND_S:
            return
        self._last_round = now
        try:
            with self.database.read() as session:
                jobs = lately_ended(session, FIRST_ROUND_S if last is None else 5 * ROUND_S)
        except Exception:
            log.exception("the jobs that ended can't be read")
            return
        for job_id in jobs:
            self.tidy(job_id)
