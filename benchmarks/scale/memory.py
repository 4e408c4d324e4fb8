"""The memory of this process while a simulation goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

TIMES = 10


@dataclass
class Memory:
    """Reads the resident memory as trials begin: at equal shares of all of them.

    Attributes:
        trials: how many there will be.
        begun: how many have begun.
        resident_mb: what was read so far, before the first trial and then `TIMES` times.
    """

    trials: int
    begun: int = 0
    resident_mb: list[int] = field(default_factory=lambda: [resident_mb()])

    def trial_begun(self) -> None:
        """Counts a trial."""
        self.begun += 1
        if self.begun * TIMES >= self.trials * len(self.resident_mb):
            self.resident_mb.append(resident_mb())


def resident_mb() -> int:
    """Returns the megabytes of memory that this process has now, shared pages among them."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) // 1024
