"""A pool whose calls take virtual time and compute nothing."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TypeVar

from benchmarks.scale.virtual_time import Turn
from workers.latency_measurement import Measurement
from workers.pool import Failure, Finished, Placed, Pool
from workers.student_files import StudentFiles
from workers.trial import TrialOutcome

T = TypeVar("T")


@dataclass(frozen=True)
class Trials:
    """What the simulated trials are like.

    Attributes:
        mean_s: how long one takes.
        spread: its standard deviation, as a share of that.
        failing: share of those that fail.
        export_s: how long a student's files take.
    """

    mean_s: float = 600.0
    spread: float = 0.2
    failing: float = 0.01
    export_s: float = 20.0


@dataclass
class SimulatedPool(Pool):
    """Stands in for `Pool`; each trial is taken up by a worker at once.

    Attributes:
        on_trial: called as each trial is started.
        busy: when each trial was started and when it ended, in virtual seconds.
    """

    turn: Turn = field(kw_only=True)
    trials: Trials = field(kw_only=True)
    draws: random.Random = field(kw_only=True)
    on_trial: Callable[[], None] = field(kw_only=True)
    busy: list[tuple[float, float]] = field(default_factory=list)
    running: list[tuple[float, int, Hashable]] = field(default_factory=list)

    def place(self, value: T) -> Placed[T]:
        """Returns the value itself."""
        return Placed(value)

    def threads(self, parallel: int) -> int:  # noqa: ARG002 - as of Pool
        """Returns one."""
        return 1

    def cores(self) -> int:
        """Returns one."""
        return 1

    def send(
        self,
        key: Hashable,
        function: Callable[..., object],  # noqa: ARG002 - as of Pool
        *arguments: object,  # noqa: ARG002
        threads: int = 1,  # noqa: ARG002
        again: bool = True,  # noqa: ARG002
        exactly: bool = False,  # noqa: ARG002
    ) -> None:
        """Has a worker begin now, by the coordinator's own time."""
        begun = self.turn.spend()
        takes = self.trials.export_s
        if isinstance(key, int):
            drawn = self.draws.gauss(self.trials.mean_s, self.trials.spread * self.trials.mean_s)
            takes = max(drawn, self.trials.mean_s / 10)
            self.busy.append((begun, begun + takes))
            self.on_trial()
        heapq.heappush(self.running, (begun + takes, len(self.busy), key))

    def wait(self, timeout_s: float) -> list[Finished]:
        """Returns all that has ended; where it may wait, once something has."""
        if not self.running:
            return []
        if timeout_s:  # then nothing else happens meanwhile
            self.turn.sleep_until(self.running[0][0])
        else:
            self.turn.spend()
        ended = []
        while self.running and self.running[0][0] <= self.turn.now_s:
            key = heapq.heappop(self.running)[2]
            ended.append(Finished(key, self._value(key), 1))
        return ended

    def under_way(self) -> set[Hashable]:
        """Returns the keys of the calls that are running."""
        return {key for _, _, key in self.running}

    def cancel(self) -> None:
        """Forgets what is running."""
        self.running.clear()

    def _value(self, key: Hashable) -> TrialOutcome | StudentFiles | Failure:
        accuracy = self.draws.uniform(0.5, 0.95)
        if not isinstance(key, int):
            latency = Measurement(1.0, 0.9, 1.1, 100, "cpu", "none")
            return StudentFiles({"student.pt2": b"graph"}, accuracy, None, latency)
        if self.draws.random() < self.trials.failing:
            return Failure("Diverged", "epoch 1", "the lines")
        curve = tuple(accuracy * (1 - 0.5**epoch) for epoch in range(1, 6))
        return TrialOutcome(b"weights", accuracy, 5, self.trials.mean_s, curve, "l1")
