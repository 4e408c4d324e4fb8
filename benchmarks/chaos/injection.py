"""Giving a fault: to a process, the disk or the database."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import psutil

from benchmarks.chaos.databases import DatabaseServer
from benchmarks.chaos.disk import SmallDisk
from benchmarks.chaos.faults import Fault
from benchmarks.chaos.installation import Installation
from benchmarks.chaos.record import Record

_FIND_S = 240.0  # a worker that runs a call, a node that is up: the last fault may still be felt


@dataclass(frozen=True)
class Given:
    """A fault that was given.

    Attributes:
        to: what it met.
        undo: ends it; None after one that ended a process, which others bring back.
    """

    to: str
    undo: Callable[[], None] | None = None


@dataclass(frozen=True)
class Injector:
    """Gives faults to one installation."""

    installation: Installation
    database: DatabaseServer
    disk: SmallDisk | None
    record: Record

    def aim(self, fault: Fault) -> Callable[[], Given] | None:
        """Returns what gives the fault now; None if there is nothing that it could meet."""
        targets = self._targets(fault)
        if targets is None:
            return lambda: self._to_others(fault)
        self.installation.wait_until(lambda: bool(targets()), _FIND_S)
        found = sorted(targets(), key=lambda process: process.pid)
        if not found:
            return None
        met = found[int(fault.choice * len(found))]
        return lambda: _to_process(met, fatal=fault.kind.endswith("killed"))

    def _targets(self, fault: Fault) -> Callable[[], Sequence[psutil.Process]] | None:
        """Returns what finds the processes that the fault may meet; None if it meets none."""
        found: Mapping[str, Callable[[], Sequence[psutil.Process]]] = {
            "coordinator": self._holders,
            "worker": self.installation.busy_workers,
            "node": self.installation.node,
            "api": self.installation.api,
        }
        return found.get(fault.kind.partition(" ")[0])

    def _holders(self) -> list[psutil.Process]:
        """Returns the coordinator that holds the job under way."""
        pids = {int(owner.split("-")[-2]) for owner in self.record.owners()}
        return [process for process in self.installation.coordinators() if process.pid in pids]

    def _to_others(self, fault: Fault) -> Given:
        if fault.kind == "disk full":
            assert self.disk is not None
            self.disk.fill()
            return Given("artifacts", self.disk.free)
        if fault.kind == "database refuses":
            self.database.refuse()
            return Given("database", self.database.accept)
        if fault.kind == "database killed":
            self.database.kill()
            return Given("database", self.database.restart)
        self.database.signal(signal.SIGSTOP)
        return Given("database", lambda: self.database.signal(signal.SIGCONT))


def _to_process(process: psutil.Process, *, fatal: bool) -> Given:
    try:
        to = f"{process.name()} {process.pid}"
        process.send_signal(signal.SIGKILL if fatal else signal.SIGSTOP)
    except psutil.NoSuchProcess:
        return Given("a process that ended by itself")
    return Given(to, None if fatal else lambda: _let_go(process))


def _let_go(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(signal.SIGCONT)
