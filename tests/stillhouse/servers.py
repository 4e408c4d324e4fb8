"""Real servers in tests: all of `stillhouse serve`, in a home of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from stillhouse import Client
from stillhouse.ports import free_port
from tests.stillhouse.processes import eventually, tree

STILLHOUSE = [sys.executable, "-P", "-c", "from stillhouse.cli import main; main()"]


@contextmanager
def served(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], Client]]:
    port = free_port()
    command = [*STILLHOUSE, "serve", "--home", str(home), "--port", str(port), "--cpus", "1"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            with Client(f"http://127.0.0.1:{port}") as client:
                assert eventually(client.ready, 60)
                assert eventually(lambda: bool(coordinators(process.pid)), 60)
                yield process, client
        finally:
            process.terminate()


def coordinators(pid: int) -> list[psutil.Process]:
    return [found for found in tree(pid) if words(found)[1:] == ["-P", "-m", "workers"]]


def words(process: psutil.Process) -> list[str]:
    """A process's command line; nothing when it has just ended."""
    try:
        return [str(word) for word in process.cmdline()]
    except psutil.NoSuchProcess:
        return []
