"""The API in processes of its own, as users run it."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
import psutil


@contextmanager
def running_api(
    environment: dict[str, str],
) -> "Iterator[tuple[subprocess.Popen[bytes], str, float]]":
    """Yields the API's process, its URL and the seconds until its first answer."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "app"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
        try:
            assert process.stderr is not None
            found = None
            while found is None:
                line = process.stderr.readline()
                if not line:
                    sys.exit("the API did not start")
                found = re.search(rb"running on (http://\S+)", line)
            url = found[1].decode()
            httpx.get(f"{url}/readyz").raise_for_status()
            yield process, url, time.perf_counter() - began
        finally:
            process.terminate()


def processes_of(started: psutil.Process) -> list[psutil.Process]:
    """Returns an API's processes: the one that was started, and those that it forked to serve.

    Forks have its command line; what checks a dataset is a program of its own, and isn't counted.
    """
    found = [started]
    with suppress(psutil.NoSuchProcess):
        command = started.cmdline()
        for child in started.children():
            with suppress(psutil.NoSuchProcess):
                if child.cmdline() == command:
                    found.append(child)
    return found


def taken_mb(processes: list[psutil.Process]) -> float:
    """Returns the megabytes (2^20 bytes) of memory that processes take together.

    It is the sum of their proportional set sizes: what they share counts once.
    """
    total = 0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return float(total) / 2**20
