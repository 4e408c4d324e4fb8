"""A job looked at again and again until it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from stillhouse.documents import UNFINISHED, JobStatus, Trial
from stillhouse.job import Job

# What a person takes for live. The server answers a look in a few milliseconds.
POLL_S = 0.5


@dataclass(frozen=True)
class Look:
    """A job and its trials at one moment.

    Attributes:
        status: The job.
        trials: Its trials by number.
        elapsed_s: Seconds since it was started.
    """

    status: JobStatus
    trials: tuple[Trial, ...]
    elapsed_s: float

    @property
    def completed(self) -> list[tuple[Trial, float]]:
        """The trials that are completed, by number, each with its score."""
        return [
            (trial, trial.score)
            for trial in self.trials
            if trial.state == "completed" and trial.score is not None
        ]

    @property
    def best_scores(self) -> list[float]:
        """The best score so far after each completed trial."""
        history: list[float] = []
        for _, score in self.completed:
            history.append(max(score, history[-1]) if history else score)
        return history


class Follower:
    """Looks at one job; trials that have ended are asked for once.

    Args:
        job: The job, refreshed with every look.
        now: Seconds since the epoch.
    """

    def __init__(self, job: Job, now: Callable[[], float] = time.time) -> None:
        self._job = job
        self._now = now
        self._ended: list[Trial] = []  # all before the first that may still change

    def look(self) -> Look:
        """Returns how the job is now."""
        status = self._job.refresh().status
        rest = self._job.trials(self._ended[-1].number + 1 if self._ended else 0)
        look = Look(status, (*self._ended, *rest), _elapsed_s(status, self._now()))
        self._ended += takewhile(lambda trial: trial.state not in UNFINISHED, rest)
        return look


def follow(
    job: Job,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.time,
    *,
    through_pauses: bool = False,
) -> Iterator[Look]:
    """Yields looks at a job; the last one is of its end, or of its pause.

    Args:
        job: The job, refreshed with every look.
        sleep: Waits between two looks.
        now: Seconds since the epoch.
        through_pauses: Goes on while the job is paused, until somebody resumes or cancels it.
    """
    follower = Follower(job, now)
    while True:
        look = follower.look()
        yield look
        if look.status.finished or (look.status.state == "paused" and not through_pauses):
            return
        sleep(POLL_S)


def _elapsed_s(status: JobStatus, now: float) -> float:
    if status.started_at is None:
        return 0.0
    end = _seconds(status.finished_at) if status.finished_at else now
    return max(0.0, end - _seconds(status.started_at))


def _seconds(time_stamp: str) -> float:
    return datetime.fromisoformat(time_stamp).timestamp()
