"""Looks now and then for what ended jobs and killed writers have left in the artifact store.

Whoever ends a job tidies up after it; but nobody holds a job that is cancelled while it is paused,
whoever holds one may be killed before it has tidied up, and a worker that was given up may write
once more.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from app.artifacts import Artifacts
from app.database import Database
from app.jobs import list_ended
from workers.tidying import delete_checkpoints

log = logging.getLogger(__name__)

EVERY_S = 3600.0
LONGEST_WRITE_S = 86_400.0  # what was written to a day ago has no writer any more


@dataclass
class Sweeper:
    """Sweeps the store when it starts, and every hour; several may, on one store.

    Attributes:
        stop: set it to have `run` return.
    """

    database: Database
    artifacts: Artifacts
    stop: threading.Event

    def run(self) -> None:
        """Sweeps until it is stopped."""
        while not self.stop.is_set():
            self.sweep()
            self.stop.wait(EVERY_S)

    def sweep(self) -> None:
        """Deletes the checkpoints of all ended jobs, and files that nobody writes any more.

        Whatever goes wrong is logged: the next sweep finds the rest.
        """
        try:
            with self.database.read() as session:
                ended = list_ended(session)
            for job_id in ended:
                delete_checkpoints(self.artifacts, job_id)
            parts = self.artifacts.delete_parts(LONGEST_WRITE_S)
            if parts:
                log.info("%d files that nobody wrote any more were deleted", parts)
        except Exception:
            log.exception("not all that was left behind was deleted")
