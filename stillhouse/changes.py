"""Waiting for something new of a job: the server holds its answer until there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

# Less than a proxy waits for an answer, as a rule.
LONGEST_S = 25.0


class Watched(Protocol):
    """What changes, and can be asked for."""

    @property
    def is_tagged(self) -> bool:
        """Whether the server can tell what is new since it was asked last."""

    def changed(self, within_s: int) -> bool:
        """Takes what is new within some seconds; returns whether anything is."""


class Changes:
    """Asks for the next change of something, without haste where the server doesn't hold answers.

    Args:
        watched: A job.
        sleep: Waits where the server has not.
        clock: Seconds.
        pause_s: How long is waited then.
    """

    def __init__(
        self,
        watched: Watched,
        sleep: Callable[[float], None],
        clock: Callable[[], float],
        pause_s: float,
    ) -> None:
        self._watched = watched
        self._sleep = sleep
        self._clock = clock
        self._pause_s = pause_s

    def await_next(self, within_s: float) -> bool:
        """Returns whether something is new, at the latest after some seconds or a pause.

        Within less than a second the server isn't asked to hold its answer.
        """
        seconds = int(min(within_s, LONGEST_S))
        if self._watched.is_tagged and seconds:
            asked_at = self._clock()
            if self._watched.changed(seconds):
                return True
            if self._clock() - asked_at >= seconds / 2:
                return False  # it was held; or else the server stops, or has no room
        self._sleep(min(self._pause_s, within_s) if within_s > 0 else self._pause_s)
        return self._watched.changed(0)
