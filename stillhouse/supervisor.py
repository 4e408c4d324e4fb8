"""Starts servers, starts again the ones that die, and ends them all."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self

from stillhouse import keeper
from stillhouse.errors import CannotServe

# A server that dies is started again after 0.5 s, then 1, 2, 4 … 30 s. One that lived longer than
# any takes to start is no server that can't: it has earned a quick start again. It is steady, and
# its deaths aren't counted together any more, when it lived a minute.
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_STARTED_S = 15.0
_STEADY_S = 60.0
_POLL_S = 0.1


@dataclass(frozen=True)
class Service:
    """One server to keep alive.

    Attributes:
        name: What messages call it.
        command: What is run.
        environment: Its whole environment.
        ready: Whether it works yet; asked after its start, and by those that need it.
        needs: Services that must be ready first. When one of them dies, this one is started
            again with it.
        blames: Exit codes that tell which other service is broken though it lives; that one is
            started again too.
        log: Where its output goes; None leaves it with ours.
        ready_within_s: How long its first start may take.
        niceness: What all of it together lets the other servers have first, 0 to 19.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    ready: Callable[[], bool] = lambda: True
    needs: tuple[str, ...] = ()
    blames: Mapping[int, str] = field(default_factory=dict)
    log: Path | None = None
    ready_within_s: float = 60.0
    niceness: int = 0


@dataclass
class _Running:
    """A service's process and when it may be started again."""

    service: Service
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    pause_s: float = _FIRST_PAUSE_S
    deaths: int = 0

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return None if self.process is None else self.process.poll()


@dataclass
class Supervisor:
    """The servers of one `stillhouse serve`, in the order in which they start.

    Used as a context manager: all servers have ended when it is left, whatever happened.

    Attributes:
        services: What to keep alive.
        report: Takes one line when a server dies or comes back.
        give_up_after: How often in a row a server may die before it was steady; None for no limit.
    """

    services: Sequence[Service]
    report: Callable[[str], None]
    give_up_after: int | None = None
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _running: dict[str, _Running] = field(init=False, default_factory=dict)

    def __enter__(self) -> Self:
        self._running = {service.name: _Running(service) for service in self.services}
        return self

    def __exit__(self, *_: object) -> None:
        for running in reversed(self._running.values()):
            self._end(running)

    def start(self) -> None:
        """Starts every server, each when what it needs is ready; returns when all are.

        Raises:
            CannotServe: One died or wasn't ready in time; its log is named.
        """
        for running in self._running.values():
            for needed in running.service.needs:
                self._await_ready(self._running[needed])
            self._launch(running)
        for running in self._running.values():
            self._await_ready(running)

    def watch(self, seconds: float = float("inf")) -> None:
        """Keeps the servers alive for some time; raises CannotServe as `check` does."""
        deadline = self.clock() + seconds
        while self.clock() < deadline:
            self.check()
            self.sleep(min(_POLL_S, seconds))

    def check(self) -> None:
        """Starts again what has died and whose pause is over.

        Raises:
            CannotServe: A server has died `give_up_after` times in a row.
        """
        for running in self._running.values():
            if running.process is not None and not running.alive:
                self._bury(running)
        for running in self._running.values():
            if running.process is None and self._may_start(running):
                self.report(f"starting {running.service.name} again")
                self._launch(running)

    def pid(self, name: str) -> int | None:
        """Returns the process id that a server runs under; None while it is down."""
        process = self._running[name].process
        return process.pid if process is not None else None

    def _may_start(self, running: _Running) -> bool:
        needed = [self._running[name] for name in running.service.needs]
        return self.clock() >= running.start_at and all(
            other.alive and other.service.ready() for other in needed
        )

    def _bury(self, running: _Running) -> None:
        lived_s = self.clock() - running.started_at
        exit_code = running.exit_code or 0
        if lived_s >= _STARTED_S:
            running.pause_s = _FIRST_PAUSE_S
        if lived_s >= _STEADY_S:
            running.deaths = 0
        running.deaths += 1
        ended = f"{running.service.name} ended with {exit_code} after {lived_s:.0f} s"
        ended += _see(running.service.log)
        if running.deaths == self.give_up_after:
            raise CannotServe(ended)
        self.report(ended)
        self._put_down(running)
        running.pause_s = min(2 * running.pause_s, _LONGEST_PAUSE_S)
        blamed = running.service.blames.get(exit_code)
        if blamed is not None:
            self.report(f"{running.service.name} finds {blamed} broken")
            self._end(self._running[blamed])
            self._put_down(self._running[blamed])
        for other in self._running.values():
            if running.service.name in other.service.needs:
                self._end(other)
                self._put_down(other)

    def _put_down(self, running: _Running) -> None:
        running.process = None
        running.start_at = self.clock() + running.pause_s

    def _launch(self, running: _Running) -> None:
        command = [sys.executable, keeper.__file__, str(os.getpid()), *running.service.command]
        running.started_at = self.clock()
        with _output(running.service.log) as output:
            running.process = subprocess.Popen(
                command,
                env=dict(running.service.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C in the terminal is for us to handle
            )
        if running.service.niceness:
            _be_nice(running.process.pid, running.service.niceness)

    def _await_ready(self, running: _Running) -> None:
        deadline = self.clock() + running.service.ready_within_s
        while not running.service.ready():
            if not running.alive or self.clock() >= deadline:
                problem = "was not ready in time" if running.alive else "ended at its start"
                msg = f"{running.service.name} {problem}{_see(running.service.log)}"
                raise CannotServe(msg)
            self.sleep(_POLL_S)

    def _end(self, running: _Running) -> None:
        if running.process is None:
            return
        running.process.terminate()
        try:
            running.process.wait(keeper.GRACE_S + 5.0)
        except subprocess.TimeoutExpired:
            running.process.kill()
            running.process.wait()


def _be_nice(session: int, niceness: int) -> None:
    """Makes a whole session nice.

    Where Linux groups processes by session (`sched(7)`, autogroup), a process's own niceness counts
    only among those of its session.
    """
    with suppress(OSError):  # a kernel without groups, or a process that has ended
        Path(f"/proc/{session}/autogroup").write_text(str(niceness), encoding="ascii")


def _output(log: Path | None) -> AbstractContextManager[IO[bytes] | None]:
    if log is None:
        return nullcontext()
    log.parent.mkdir(parents=True, exist_ok=True)
    return log.open("ab")


def _see(log: Path | None) -> str:
    return f"; see {log}" if log is not None else ""
