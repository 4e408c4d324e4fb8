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
_POLL_S = 0.5


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


def follow(
    job: Job,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.time,
) -> Iterator[Look]:
    """Yields looks at a job; the last one is of its end, or of its pause.

    Args:
        job: The job, refreshed with every look.
        sleep: Waits between two looks.
        now: Seconds since the epoch.
    """
    ended: list[Trial] = []  # all before the first that may still change: asked for once
    while True:
        status = job.refresh().status
        rest = job.trials(ended[-1].number + 1 if ended else 0)
        yield Look(status, (*ended, *rest), _elapsed_s(status, now()))
        ended += takewhile(lambda trial: trial.state not in UNFINISHED, rest)
        if status.finished or status.state == "paused":
            return
        sleep(_POLL_S)


def _elapsed_s(status: JobStatus, now: float) -> float:
    if status.started_at is None:
        return 0.0
    end = _seconds(status.finished_at) if status.finished_at else now
    return max(0.0, end - _seconds(status.started_at))


def _seconds(time_stamp: str) -> float:
    return datetime.fromisoformat(time_stamp).timestamp()
