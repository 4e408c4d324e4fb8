"""A job looked at again and again until it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile

from rich.console import Console

from stillhouse.changes import LONGEST_S, Changes
from stillhouse.documents import UNFINISHED, JobStatus, Trial
from stillhouse.job import Job

# What a person takes for live. The server answers a look in a few milliseconds.
POLL_S = 0.5
# Between two looks that find nothing new, where a clock runs on the screen.
LIVE_S = 1.0


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
        self._last: Look | None = None

    def look(self) -> Look:
        """Returns how the job is now."""
        return self.see(is_new=self._job.changed(0))

    def see(self, *, is_new: bool) -> Look:
        """Returns how a job is that was asked for just now; its trials change with it alone."""
        status = self._job.status
        elapsed_s = _elapsed_s(status, self._now())
        if self._last is not None and not is_new:
            self._last = replace(self._last, elapsed_s=elapsed_s)
            return self._last
        rest = self._job.trials(self._ended[-1].number + 1 if self._ended else 0)
        self._last = Look(status, (*self._ended, *rest), elapsed_s)
        self._ended += takewhile(lambda trial: trial.state not in UNFINISHED, rest)
        return self._last


def follow(
    job: Job,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.time,
    *,
    through_pauses: bool = False,
    every_s: float = LIVE_S,
) -> Iterator[Look]:
    """Yields looks at a job; the last one is of its end, or of its pause.

    Args:
        job: The job, refreshed with every look.
        sleep: Waits where the server doesn't hold its answer until something is new.
        now: Seconds since the epoch.
        through_pauses: Goes on while the job is paused, until somebody resumes or cancels it.
        every_s: The longest between two looks while nothing is new; 0 has `sleep` wait.
    """
    follower = Follower(job, now)
    changes = Changes(job, sleep, time.monotonic, POLL_S)
    look = follower.look()
    while True:
        yield look
        if look.status.finished or (look.status.state == "paused" and not through_pauses):
            return
        look = follower.see(is_new=changes.await_next(every_s))


def patience_s(console: Console) -> float:
    """Returns how long nothing new may be shown: where lines are written, only news is wanted."""
    return LIVE_S if console.is_terminal or console.is_jupyter else LONGEST_S


def _elapsed_s(status: JobStatus, now: float) -> float:
    if status.started_at is None:
        return 0.0
    end = _seconds(status.finished_at) if status.finished_at else now
    return max(0.0, end - _seconds(status.started_at))


def _seconds(time_stamp: str) -> float:
    return datetime.fromisoformat(time_stamp).timestamp()
