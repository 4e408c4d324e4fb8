"""What the processes of an installation take: CPU seconds and memory."""

from collections.abc import Mapping

import psutil

from benchmarks.api_process import processes_of
from stillhouse.supervisor import Supervisor

_SERVERS = ("api", "coordinator", "ray")


def api_processes(supervisor: Supervisor) -> list[psutil.Process]:
    """Returns the API's processes, the first of which its keeper keeps."""
    keeper = supervisor.pid("api")
    assert keeper is not None
    return processes_of(psutil.Process(keeper).children()[0])


def cpu_s(supervisor: Supervisor) -> Mapping[str, float]:
    """Returns the CPU seconds of each server so far, with all processes below it."""
    return {name: _cpu_s_below(supervisor.pid(name)) for name in _SERVERS}


def _cpu_s_below(pid: int | None) -> float:
    if pid is None:
        return 0.0
    total = 0.0
    for process in psutil.Process(pid).children(recursive=True):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total
