"""The processes that serve one port together, as each of them knows the others."""

import mmap
from dataclasses import dataclass
from pathlib import Path


class Roll:
    """The ids of the crew's processes, in memory that all of them share.

    The first is the parent's; who is not there has 0.
    """

    def __init__(self, size: int) -> None:
        self._pids = memoryview(mmap.mmap(-1, 8 * (size + 1))).cast("q")

    def enter(self, number: int, pid: int) -> None:
        """Puts down the process that has a place; 0 for the parent's, 0 for nobody."""
        self._pids[number] = pid

    def pids(self) -> list[int]:
        """Returns the ids of those that are there, the parent's first."""
        return [pid for pid in self._pids if pid]


@dataclass(frozen=True)
class Crew:
    """What a process knows of those that serve with it.

    Attributes:
        number: its own place, from 1 on.
        size: how many there are.
        metrics: folder in which each keeps what it measures.
        roll: whose ids are known to all.
    """

    number: int
    size: int
    metrics: Path
    roll: Roll

    def share(self, total: int) -> int:
        """Returns this process's share of what there may be in all: at least 1."""
        whole, rest = divmod(total, self.size)
        return max(1, whole + (self.number <= rest))
