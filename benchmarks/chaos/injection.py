"""Giving a fault: to a process, the disk or the database."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import psutil

from benchmarks.chaos.clock import Clock
from benchmarks.chaos.databases import DatabaseServer
from benchmarks.chaos.disk import SmallDisk
from benchmarks.chaos.faults import Fault
from benchmarks.chaos.installation import Installation
from benchmarks.chaos.record import Record

_JUMP_S = 3600.0
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
class Machine:
    """What is under an installation; None where this machine has no such thing."""

    database: DatabaseServer
    disk: SmallDisk | None
    clock: Clock | None


@dataclass(frozen=True)
class Injector:
    """Gives faults to one installation, and to what is under it."""

    installation: Installation
    machine: Machine
    record: Record

    def aim(self, fault: Fault) -> Callable[[], Given] | None:
        """Returns what gives the fault now; None if there is nothing that it could meet."""
        if fault.kind == "clock back, coordinator killed":
            return self._turning_back(self.aim(replace(fault, kind="coordinator killed")))
        targets = self._targets(fault)
        if targets is None:
            return lambda: self._to_others(fault)
        found: list[psutil.Process] = []

        def is_found() -> bool:
            found[:] = sorted(targets(), key=lambda process: process.pid)
            return bool(found)

        if not self.installation.wait_until(is_found, _FIND_S):
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

    def _turning_back(self, kill: Callable[[], Given] | None) -> Callable[[], Given] | None:
        """Sets the clock back before the kill: what leases there are seem to last for an hour."""
        clock = self.machine.clock
        assert clock is not None
        if kill is None:
            return None

        def give() -> Given:
            clock.jump_to(clock.offset_s - _JUMP_S)
            return kill()

        return give

    def _to_others(self, fault: Fault) -> Given:
        database, disk, clock = self.machine.database, self.machine.disk, self.machine.clock
        if fault.kind == "clock jumps":
            assert clock is not None
            clock.jump_to((2 * fault.choice - 1) * _JUMP_S)
            return Given(f"clock, to {clock.offset_s:+.0f} s")
        if fault.kind == "disk full":
            assert disk is not None
            disk.fill()
            return Given("artifacts", disk.free)
        if fault.kind == "database refuses":
            database.refuse()
            return Given("database", database.accept)
        if fault.kind == "database killed":
            database.kill()
            return Given("database", database.restart)
        database.signal(signal.SIGSTOP)
        return Given("database", lambda: database.signal(signal.SIGCONT))


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
