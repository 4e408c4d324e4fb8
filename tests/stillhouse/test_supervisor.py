from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from stillhouse.errors import CannotServe
from stillhouse.supervisor import Service, Supervisor
from tests.stillhouse.processes import eventually, gone, tree

SLEEPER = "import time; time.sleep(60)"
AUTOGROUP = Path("/proc/self/autogroup")


class Clock:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def service(name: str, source: str = SLEEPER, **options: object) -> Service:
    command = [sys.executable, "-u", "-c", source]
    return Service(name, command, dict(os.environ), **options)  # type: ignore[arg-type]


def running(supervisor: Supervisor, name: str) -> psutil.Process:
    pid = supervisor.pid(name)
    assert pid is not None
    return psutil.Process(pid)


def kill(supervisor: Supervisor, name: str) -> None:
    """Kills a server itself, below its keeper."""
    process = running(supervisor, name)
    assert eventually(lambda: bool(process.children()))
    os.kill(process.children()[0].pid, signal.SIGKILL)
    assert eventually(lambda: gone([process]))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def supervise(clock: Clock, lines: list[str]) -> Callable[..., Supervisor]:
    def make(*services: Service, give_up_after: int | None = None) -> Supervisor:
        return Supervisor(services, lines.append, give_up_after, clock, clock.sleep)

    return make


def test_a_server_that_dies_is_started_again_after_a_pause(
    supervise: Callable[..., Supervisor], clock: Clock, lines: list[str]
) -> None:
    with supervise(service("api")) as supervisor:
        supervisor.start()
        first = supervisor.pid("api")
        kill(supervisor, "api")
        supervisor.check()
        assert supervisor.pid("api") is None
        clock.sleep(0.5)
        supervisor.check()
        assert supervisor.pid("api") not in {None, first}
    assert lines == ["api ended with 137 after 0 s", "starting api again"]


def test_pauses_double_up_to_half_a_minute_until_a_server_lived_for_a_while(
    supervise: Callable[..., Supervisor], clock: Clock
) -> None:
    pauses = []
    with supervise(service("api")) as supervisor:
        supervisor.start()
        for lives_s in (0, 0, 0, 0, 0, 0, 0, 14, 15):
            clock.sleep(lives_s)
            kill(supervisor, "api")
            died = clock.now
            while supervisor.pid("api") is None or clock.now == died:
                supervisor.check()
                clock.sleep(0.25)
            pauses.append(clock.now - died - 0.25)
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 0.5]


def test_who_needs_a_server_that_died_starts_again_after_it(
    supervise: Callable[..., Supervisor], clock: Clock
) -> None:
    ready = True
    ray = service("ray", ready=lambda: ready)
    with supervise(ray, service("coordinator", needs=("ray",)), service("api")) as supervisor:
        supervisor.start()
        api, old = supervisor.pid("api"), running(supervisor, "coordinator")
        kill(supervisor, "ray")
        supervisor.check()
        assert gone([old])
        ready = False
        clock.sleep(1.0)
        supervisor.check()
        assert supervisor.pid("ray") is not None
        assert supervisor.pid("coordinator") is None
        ready = True
        supervisor.check()
        assert supervisor.pid("coordinator") is not None
        assert supervisor.pid("api") == api


def test_a_server_that_never_lives_is_given_up(
    supervise: Callable[..., Supervisor], tmp_path: Path
) -> None:
    log = tmp_path / "logs" / "api.log"
    with supervise(service("api", log=log), give_up_after=3) as supervisor:
        supervisor.start()
        for _ in range(2):
            kill(supervisor, "api")
            supervisor.watch(5.0)
        kill(supervisor, "api")
        with pytest.raises(CannotServe, match=f"api ended with 137 after 4 s; see {log}"):
            supervisor.watch(5.0)


def test_a_start_waits_until_a_server_is_ready(
    supervise: Callable[..., Supervisor], clock: Clock
) -> None:
    with supervise(service("api", ready=lambda: clock.now >= 3)) as supervisor:
        supervisor.start()
    assert clock.now == pytest.approx(3.0, abs=0.1)


def test_a_start_does_not_wait_for_ever(supervise: Callable[..., Supervisor]) -> None:
    never = service("api", ready=lambda: False, ready_within_s=2.0)
    with supervise(never) as supervisor, pytest.raises(CannotServe, match="not ready in time"):
        supervisor.start()


def test_a_start_that_fails_names_the_log_with_the_reason(lines: list[str], tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    failing = service("api", "raise SystemExit('no database')", ready=lambda: False, log=log)
    with (
        Supervisor([failing], lines.append) as supervisor,
        pytest.raises(CannotServe, match=f"api ended at its start; see {log}"),
    ):
        supervisor.start()
    assert log.read_text() == "no database\n"


def test_all_have_ended_when_the_supervisor_is_left(
    supervise: Callable[..., Supervisor],
) -> None:
    with supervise(service("ray"), service("api")) as supervisor:
        supervisor.start()
        processes = [running(supervisor, name) for name in ("ray", "api")]
        assert eventually(lambda: all(process.children() for process in processes))
        below = [process for top in processes for process in tree(top.pid)]
        assert len(below) == 4
    assert gone(below)


def test_a_server_that_finds_another_broken_has_it_started_again_too(
    supervise: Callable[..., Supervisor], clock: Clock, lines: list[str]
) -> None:
    broken = service("coordinator", "raise SystemExit(3)", needs=("ray",), blames={3: "ray"})
    with supervise(service("ray"), broken) as supervisor:
        supervisor.start()
        first = supervisor.pid("ray")
        assert eventually(lambda: gone([running(supervisor, "coordinator")]))
        supervisor.check()
        assert "coordinator finds ray broken" in lines
        assert supervisor.pid("ray") is None
        clock.sleep(0.5)
        supervisor.check()
        assert supervisor.pid("ray") not in {None, first}


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="this kernel doesn't group processes")
def test_a_nice_servers_whole_session_is_nice(supervise: Callable[..., Supervisor]) -> None:
    with supervise(service("nice", niceness=15), service("other")) as supervisor:
        supervisor.start()
        groups = [
            Path(f"/proc/{running(supervisor, name).pid}/autogroup").read_text("ascii").split()
            for name in ("nice", "other")
        ]
    assert [group[1:] for group in groups] == [["nice", "15"], ["nice", "0"]]
