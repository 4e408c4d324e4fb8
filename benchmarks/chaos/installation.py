"""A real installation, as `stillhouse serve` makes it, with several coordinators."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import psutil

from benchmarks.api_process import processes_of
from benchmarks.chaos.clock import with_own_clock
from stillhouse.home import served
from stillhouse.ports import free_port
from stillhouse.ray_node import RayNode
from stillhouse.serving import Place, migrate, services
from stillhouse.supervisor import Service, Supervisor

_HOST = "127.0.0.1"
_CPUS = 2
_STEP_S = 0.1
_READY_S = 300.0  # a machine that others load needs longer than a user would wait
_COORDINATOR = "coordinator"
_ANSWER_S = 2.0


@dataclass(frozen=True)
class Installation:
    """Servers that are kept alive whenever this process waits.

    All waiting is in one thread: the kernel ends the servers with the thread that started them.
    """

    url: str
    supervisor: Supervisor

    def wait(self, seconds: float) -> None:
        """Keeps the servers alive for some time."""
        self.supervisor.watch(seconds)

    def wait_until(self, reached: Callable[[], bool], timeout_s: float) -> bool:
        """Keeps the servers alive until something is reached; returns whether it was."""
        deadline = time.monotonic() + timeout_s
        while not (is_reached := reached()) and time.monotonic() < deadline:
            self.wait(_STEP_S)
        return is_reached

    def coordinators(self) -> list[psutil.Process]:
        """Returns the coordinators' processes that are up."""
        names = [s.name for s in self.supervisor.services if s.name.startswith(_COORDINATOR)]
        return [process for name in names for process in self._below(name)[:1]]

    def api(self) -> list[psutil.Process]:
        """Returns the API's processes that are up."""
        return [process for started in self._below("api")[:1] for process in processes_of(started)]

    def node(self) -> list[psutil.Process]:
        """Returns the two processes that a Ray node can't do without, if they are up."""
        return [p for p in self._below("ray") if _name(p) in {"raylet", "gcs_server"}]

    def busy_workers(self) -> list[psutil.Process]:
        """Returns the Ray workers that run a call now, by the titles that Ray gives them."""
        return [p for p in self._below("ray") if _name(p) == "ray::_run"]

    def _below(self, name: str) -> list[psutil.Process]:
        keeper = self.supervisor.pid(name)
        try:
            return [] if keeper is None else psutil.Process(keeper).children(recursive=True)
        except psutil.NoSuchProcess:
            return []


@contextmanager
def installed(
    home: Path, database_url: str, lease_s: float, coordinators: int
) -> Iterator[Installation]:
    """Yields an installation in a home that is up; all of it has ended after.

    Args:
        home: its folder; its servers' logs are in `logs` there.
        database_url: where its rows are.
        lease_s: of jobs.
        coordinators: how many.
    """
    environment = {
        **os.environ,
        "STILLHOUSE_DATABASE_URL": database_url,
        "STILLHOUSE_LEASE_S": str(int(lease_s)),
    }
    place = Place(home, _HOST, free_port(_HOST), environment, _CPUS, quiet=True)
    events = home / "logs" / "supervisor.log"
    events.parent.mkdir(parents=True, exist_ok=True)

    def report(line: str) -> None:
        with events.open("a") as file:
            file.write(f"{time.strftime('%H:%M:%S')} {line}\n")

    with served(home):
        migrate(place.server_environment())
        node = RayNode.for_home(home, _CPUS)
        try:
            wanted = _with_more(_with_rays_clock(services(place, node)), coordinators)
            with Supervisor(wanted, report) as supervisor:
                supervisor.start()
                yield Installation(place.url, supervisor)
        finally:
            node.clear()


def api_answers(url: str) -> bool:
    """Returns whether the API can work."""
    try:
        return httpx.get(f"{url}/readyz", timeout=_ANSWER_S).is_success
    except httpx.TransportError:
        return False


def _with_rays_clock(servers: list[Service]) -> list[Service]:
    """Returns the services, of which Ray has the machine's clock: it stands for other machines."""
    ray, *others = servers
    return [replace(ray, environment=with_own_clock(ray.environment)), *others]


def _with_more(services: list[Service], coordinators: int) -> list[Service]:
    """Returns the services with so many coordinators instead of one, each with a log of its own."""
    (one,) = [service for service in services if service.name == _COORDINATOR]
    others = [service for service in services if service.name != _COORDINATOR]
    names = [f"{_COORDINATOR}-{n}" for n in range(coordinators)]
    log = one.log
    assert log is not None
    wanted = others + [replace(one, name=name, log=log.with_name(f"{name}.log")) for name in names]
    return [replace(service, ready_within_s=_READY_S) for service in wanted]


def _name(process: psutil.Process) -> str:
    try:
        return str(process.name())
    except psutil.NoSuchProcess:
        return ""
