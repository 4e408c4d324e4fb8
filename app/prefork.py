"""Several processes that serve one port, for one Python process keeps one core busy at most.

The parent serves nothing. It holds the sockets, so that who waits to be accepted by a process that
died is accepted by the next one; it replaces what dies, and passes on that it is told to stop. It
has no threads, no connections and no event loop, none of which would survive a fork.
"""

import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from app.crew import Crew, Roll
from app.crew_metrics import forget_gauges
from app.forked import forked
from app.listeners import close

_log = logging.getLogger(__name__)

Serve = Callable[[Crew, list[socket.socket]], int]

_STOPS = frozenset({signal.SIGTERM, signal.SIGINT})
_HEARD = _STOPS | {signal.SIGCHLD}
# A process that dies is replaced after 0.1 s, then 0.2, 0.4 … 5 s; no later, for who connects to
# its socket waits. After too many in a row all end, and whoever started them may start them anew.
# One that lived longer than any takes to start is none that can't: it has earned a quick
# replacement again.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0
_STARTED_S = 15.0
_MOST_FAILURES = 10  # in a row: half a minute
_FOREVER_S = 3600.0


@dataclass
class _Place:
    """One of the processes, and when it may be started again."""

    crew: Crew
    sockets: list[socket.socket]
    pid: int = 0
    started_at: float = 0.0
    start_at: float = 0.0
    pause_s: float = 0.0
    starts: int = 0
    failures: int = 0


class Prefork:
    """Forks processes and keeps them alive until this one is told to stop.

    Args:
        serve: serves at sockets in one of the processes; returns what that exits with.
        shares: the sockets of each process.
        metrics: an empty folder for what they measure.
        end_within_s: how long they may take to end once they are told to.
        pause_s: how long one that died soon after its start is missed, the first time.
    """

    def __init__(
        self,
        serve: Serve,
        shares: list[list[socket.socket]],
        metrics: Path,
        end_within_s: float,
        pause_s: float = _FIRST_PAUSE_S,
    ) -> None:
        self._serve = serve
        self._end_within_s = end_within_s
        self._pause_s = pause_s
        self._metrics = metrics
        self._roll = Roll(len(shares))
        self._places = [
            _Place(Crew(number, len(shares), metrics, self._roll), sockets)
            for number, sockets in enumerate(shares, 1)
        ]
        self._heard_before: set[int | signal.Signals] = set()

    def run(self, on_start: Callable[[], None]) -> int:
        """Returns, when all have ended, the signal that told this process to stop.

        It returns 0 where one of the first processes couldn't start.

        Args:
            on_start: called once all are there.
        """
        self._heard_before = signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
        try:
            self._roll.enter(0, os.getpid())
            self._start_due()
            on_start()
            told = self._keep()
            self._end()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, self._heard_before)
        return told

    def _keep(self) -> int:
        """Keeps all alive; returns the signal to stop, or 0 if one can't start."""
        while True:
            self._start_due()
            if any(place.failures > _MOST_FAILURES for place in self._places):
                _log.error("a place can't be taken: all end, for who connects there waits in vain")
                return 0
            told = _heard(self._idle_s())
            if told in _STOPS:
                return told
            for place, code in self._buried():
                if code > 0 and place.starts == 1 and _lived_s(place) < _STARTED_S:
                    return 0
                self._put_off(place, _ended(place, code))

    def _start_due(self) -> None:
        for place in self._places:
            if not place.pid and time.monotonic() >= place.start_at:
                self._start(place)

    def _start(self, place: _Place) -> None:
        place.started_at = time.monotonic()
        try:
            place.pid = forked(partial(self._begin, place))
        except OSError as error:  # no memory, or too many processes
            self._put_off(place, f"no process can be started: {error.strerror}")
            return
        place.starts += 1
        self._roll.enter(place.crew.number, place.pid)

    def _begin(self, place: _Place) -> int:
        """Serves, in the new process."""
        close(other.sockets for other in self._places if other is not place)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._heard_before)
        return self._serve(place.crew, place.sockets)

    def _buried(self) -> Iterator[tuple[_Place, int]]:
        """Yields the places of those that died, with the exit code or the signal's negative."""
        while any(place.pid for place in self._places):
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            for place in self._places:
                if place.pid == pid:
                    place.pid = 0
                    self._roll.enter(place.crew.number, 0)
                    forget_gauges(self._metrics, place.crew.number)
                    yield place, os.waitstatus_to_exitcode(status)

    def _put_off(self, place: _Place, why: str) -> None:
        """Has a place taken again after a pause, and says so."""
        if not place.pause_s or _lived_s(place) >= _STARTED_S:
            place.pause_s, place.failures = self._pause_s, 0
        place.failures += 1
        place.start_at = time.monotonic() + place.pause_s
        _log.warning("%s; another takes its place in %g s", why, place.pause_s)
        place.pause_s = min(2 * place.pause_s, _LONGEST_PAUSE_S)

    def _idle_s(self) -> float:
        """Returns how long there is nothing to do but to listen."""
        due = [place.start_at for place in self._places if not place.pid]
        return max(0.0, min(due) - time.monotonic()) if due else _FOREVER_S

    def _end(self) -> None:
        """Has all end, those that take too long by force."""
        close(place.sockets for place in self._places)  # or who connects now would wait for nobody
        self._tell(signal.SIGTERM)
        deadline = time.monotonic() + self._end_within_s
        while any(place.pid for place in self._places):
            told = _heard(max(0.0, deadline - time.monotonic()))
            if told in _STOPS:
                self._tell(told)  # by a second Ctrl-C they end without waiting for answers
            elif time.monotonic() >= deadline:
                self._tell(signal.SIGKILL)
                deadline = time.monotonic() + _FIRST_PAUSE_S  # until they are gone
            for _ in self._buried():
                pass

    def _tell(self, told: int) -> None:
        for place in self._places:
            if place.pid:
                os.kill(place.pid, told)  # not reaped yet, so the id is nobody else's


def _heard(within_s: float) -> int:
    """Returns the signal that is or was sent to this process; 0 if none is within some time."""
    info = signal.sigtimedwait(_HEARD, within_s)
    return info.si_signo if info is not None else 0


def _lived_s(place: _Place) -> float:
    return time.monotonic() - place.started_at


def _ended(place: _Place, code: int) -> str:
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
    return f"process {place.crew.number} of {place.crew.size} {how} after {_lived_s(place):.0f} s"
