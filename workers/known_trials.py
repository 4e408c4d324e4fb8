"""A job's trials as they are on record, read anew without reading what has ended."""

from __future__ import annotations

from app.database import Database
from app.records import TrialRecord
from app.trials import list_trials

UNFINISHED = ("queued", "running")


class KnownTrials:
    """Reads a job's trials again and again; those that have ended change no more.

    So what a read takes grows with the trials that may still change, not with all there are.
    """

    def __init__(self, database: Database, job_id: str) -> None:
        self._database = database
        self._job_id = job_id
        self._ended: list[TrialRecord] = []  # all that come before the first unfinished one

    def read(self) -> list[TrialRecord]:
        """Returns all of the job's trials by their number, as they are now."""
        with self._database.read() as session:
            rest = list_trials(session, self._job_id, len(self._ended))
        unfinished = (row for row, trial in enumerate(rest) if trial.state in UNFINISHED)
        trials = self._ended + rest
        self._ended = self._ended + rest[: next(unfinished, len(rest))]
        return trials
