"""What is measured of one search: how long trials and proposals take, and how old suggestions are.

A suggestion ages while it waits: what ended meanwhile it knew nothing of. Its age is told when its
trial is sent to a worker, in seconds and in trials of the job that ended since it was made. Trials
that wait in the queue when a coordinator takes the job over have none, for nobody measured it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from app.log_context import while_about
from app.records import NewTrial, TrialRecord
from app.tracing import span
from workers.metrics import (
    PROPOSAL_DURATION,
    SUGGESTION_AGE,
    SUGGESTION_BEHIND,
    TRIAL_DURATION,
)
from workers.pool import Failure, Finished
from workers.trial import TrialOutcome

_ENDED = ("completed", "stopped", "failed")


class SearchMetrics:
    """Told what a search does.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._made: dict[int, tuple[float, int]] = {}  # by number: when, and how many had ended
        self._sent: dict[object, float] = {}

    @contextmanager
    def proposing(self, trials: Sequence[TrialRecord], wanted: int) -> Iterator[None]:
        """Measures a proposal, which the block is."""
        with PROPOSAL_DURATION.time(), span("propose", known=len(trials), wanted=wanted):
            yield

    def proposed(self, rows: Sequence[NewTrial], trials: Sequence[TrialRecord]) -> None:
        """Notes what was proposed by all that is known of these trials."""
        made = self._clock(), _count_ended(trials)
        self._made.update((row.number, made) for row in rows)

    def sent(self, number: int, trials: Sequence[TrialRecord]) -> None:
        """Notes that a trial was sent to a worker, when these are its job's."""
        now = self._clock()
        self._sent[number] = now
        made = self._made.pop(number, None)
        if made is not None:
            SUGGESTION_AGE.observe(now - made[0])
            SUGGESTION_BEHIND.observe(_count_ended(trials) - made[1])

    @contextmanager
    def settling(self, finished: Finished) -> Iterator[None]:
        """Measures a trial that has ended; what the block logs is about it."""
        self._ended(finished)
        with while_about(trial=finished.key if isinstance(finished.key, int) else None):
            yield

    def _ended(self, finished: Finished) -> None:
        """Notes what came of a trial; one that was lost has not ended."""
        value, sent = finished.value, self._sent.pop(finished.key, None)
        if sent is None or (isinstance(value, Failure) and value.loss is not None):
            return
        outcome = "failed"
        if isinstance(value, TrialOutcome):
            outcome = "stopped" if value.stopped else "completed"
        TRIAL_DURATION.labels(outcome).observe(self._clock() - sent)


def _count_ended(trials: Sequence[TrialRecord]) -> int:
    return sum(trial.state in _ENDED for trial in trials)
