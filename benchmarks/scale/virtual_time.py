"""A virtual clock for several coordinators: one runs at a time, the one whose time is earliest.

Each is a thread that hands the turn on when it waits. What it computes meanwhile is timed and added
to its own time: as if it had a machine to itself, and as if a worker that waits for it stood still.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Turn:
    """One coordinator's time.

    Attributes:
        now_s: its virtual time; true when it is at its turn.
        wakes_s: when it is next to run; None once it has ended.
        computed_s: what it has taken of its own time so far.
    """

    clock: Callable[[], float]
    now_s: float = 0.0
    wakes_s: float | None = 0.0
    computed_s: float = 0.0
    started: float = 0.0
    go: threading.Event = field(default_factory=threading.Event)
    gave_up: threading.Event = field(default_factory=threading.Event)

    def spend(self, seconds: float = 0.0) -> float:
        """Adds what was computed since the last time, and so much more; returns the time now."""
        clock = self.clock()
        spent = clock - self.started + seconds
        self.started = clock
        self.now_s += spent
        self.computed_s += spent
        return self.now_s

    def sleep_until(self, when_s: float) -> None:
        """Hands the turn on until it is that time."""
        self.spend()
        self.wakes_s = max(when_s, self.now_s)
        self._hand_on()

    def _hand_on(self) -> None:
        self.go.clear()
        self.gave_up.set()
        self.go.wait()
        self.started = self.clock()


def run_in_turns(
    works: list[Callable[[Turn], None]], clock: Callable[[], float] = time.perf_counter
) -> list[Turn]:
    """Carries all works out at once, in virtual time; returns their times at the end.

    Args:
        works: each gets its turn and must wait by `Turn.sleep_until` alone.
        clock: seconds that a work which is at its turn computes for.

    Raises:
        RuntimeError: a work failed.
    """
    turns = [Turn(clock) for _ in works]
    failures: list[BaseException] = []

    def carry_out(work: Callable[[Turn], None], turn: Turn) -> None:
        turn.go.wait()
        turn.started = turn.clock()
        try:
            work(turn)
        except BaseException as error:  # noqa: BLE001 - told below, in the caller's thread
            failures.append(error)
        turn.spend()
        turn.wakes_s = None
        turn.gave_up.set()

    threads = [
        threading.Thread(target=carry_out, args=pair, daemon=True)
        for pair in zip(works, turns, strict=True)
    ]
    for thread in threads:
        thread.start()
    while not failures:
        waiting = [(turn.wakes_s, n) for n, turn in enumerate(turns) if turn.wakes_s is not None]
        if not waiting:
            return turns
        when, number = min(waiting)
        turn = turns[number]
        turn.now_s = when
        turn.gave_up.clear()
        turn.go.set()
        turn.gave_up.wait()
    raise RuntimeError("a coordinator failed") from failures[0]
