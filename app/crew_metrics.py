"""Metrics of several processes that serve one port: whichever is asked tells those of all."""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path

import psutil
from prometheus_client import CollectorRegistry, values
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from app.crew import Crew, Roll

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # by which prometheus_client finds it


def measure_together(crew: Crew, registry: CollectorRegistry) -> None:
    """Has all that this process measures from now on kept where the others of the crew read it.

    A process that takes a dead one's place goes on counting where that stopped.

    Args:
        crew: who this process is, and with whom it serves.
        registry: will tell what all of them measure.
    """
    crew.metrics.mkdir(parents=True, exist_ok=True)  # a cleaner of temporary folders may have come
    os.environ[_FOLDER] = str(crew.metrics)
    values.ValueClass = values.MultiProcessValue(lambda: crew.number)  # type: ignore[no-untyped-call]
    MultiProcessCollector(registry, str(crew.metrics))  # type: ignore[no-untyped-call]
    registry.register(CrewProcesses(crew.roll))


def forget_gauges(metrics: Path, number: int) -> None:
    """Has what a dead process held count no more; what it counted stays."""
    mark_process_dead(number, str(metrics))  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class _Usage:
    """What processes take; of times, with their children that have ended."""

    cpu_s: float
    resident_bytes: float
    virtual_bytes: float
    open_fds: float
    max_fds: float


class CrewProcesses(Collector):
    """Tells what a crew's processes take together, by the names that one process's figures have.

    Memory that they share counts once: the resident bytes are a sum of proportional set sizes. Of
    file descriptors each may have so many: told are those of the one that is nearest to that. What
    those took that have died is the parent's, who has buried them, so that no counter falls.
    """

    def __init__(self, roll: Roll) -> None:
        self._roll = roll

    def describe(self) -> Iterable[Metric]:
        """Yields nothing, so that to register it reads nothing."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Yields the sums."""
        found, began = [], []
        for pid in self._roll.pids():
            with suppress(psutil.Error, OSError):  # it has just died
                process = psutil.Process(pid)
                found.append(_usage(process))
                began.append(process.create_time())
        if not found:
            return
        total = _Usage(*map(sum, zip(*map(astuple, found), strict=True)))
        fullest = max(found, key=lambda usage: usage.open_fds / usage.max_fds)
        yield CounterMetricFamily(
            "process_cpu_seconds_total",
            "Total user and system CPU time spent in seconds.",
            total.cpu_s,
        )
        for name, tells, value in (
            ("resident_memory_bytes", "Resident memory size in bytes.", total.resident_bytes),
            ("virtual_memory_bytes", "Virtual memory size in bytes.", total.virtual_bytes),
            ("start_time_seconds", "Start time of the first process, unix epoch.", min(began)),
            ("open_fds", "Number of open file descriptors.", fullest.open_fds),
            ("max_fds", "Maximum number of open file descriptors.", fullest.max_fds),
        ):
            yield GaugeMetricFamily(f"process_{name}", tells, value)


def _usage(process: psutil.Process) -> _Usage:
    times = process.cpu_times()
    return _Usage(
        times.user + times.system + times.children_user + times.children_system,
        _proportional_bytes(process.pid),
        process.memory_info().vms,
        process.num_fds(),
        process.rlimit(psutil.RLIMIT_NOFILE)[0],
    )


def _proportional_bytes(pid: int) -> int:
    """Returns a process's proportional set size, in a third of the time that psutil takes."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))
