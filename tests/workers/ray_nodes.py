"""Ray nodes of this machine, each a raylet with workers of its own, that tests start and kill."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil

_START_S = 120
_STORE_BYTES = 200 * 2**20


@dataclass(frozen=True)
class RayNode:
    """One node of a Ray.

    Attributes:
        address: of the Ray.
        session: the id that all of the node's processes have, as their system's session.
    """

    address: str
    session: int

    def processes(self) -> list[psutil.Process]:
        """Returns what runs of the node."""
        return [process for process in psutil.process_iter() if _is_of(process, self.session)]

    def busy(self) -> list[psutil.Process]:
        """Returns the workers that run a call now, by the titles that Ray gives them."""
        return [process for process in self.processes() if _name(process) == "ray::_run"]

    def kill(self) -> None:
        """Kills the raylet, the workers and what else there is, as a machine that loses power."""
        found = self.processes()
        for process in found:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        psutil.wait_procs(found, _START_S)


@contextmanager
def ray_head(cpus: int) -> Iterator[RayNode]:
    """A Ray of one node until the end of the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # sockets' paths must be short
    options = ["--head", f"--port={port}", "--node-ip-address=127.0.0.1", f"--temp-dir={folder}"]
    node = None
    try:
        node = _start(f"127.0.0.1:{port}", cpus, [*options, "--include-dashboard=false"])
        yield node
    finally:
        if node is not None:
            node.kill()
        shutil.rmtree(folder, ignore_errors=True)


def add_node(address: str, cpus: int) -> RayNode:
    """Adds a node to a Ray; whoever does that kills it."""
    return _start(address, cpus, [f"--address={address}", "--node-ip-address=127.0.0.1"])


def _start(address: str, cpus: int, options: list[str]) -> RayNode:
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", f"--num-cpus={cpus}"]
    command += [*options, f"--object-store-memory={_STORE_BYTES}"]
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0"}
    started = subprocess.Popen(
        command, env=environment, start_new_session=True, stdout=subprocess.DEVNULL
    )
    node = RayNode(address, started.pid)
    try:
        assert started.wait(_START_S) == 0
    except BaseException:
        node.kill()
        raise
    return node


def _is_of(process: psutil.Process, session: int) -> bool:
    try:
        return os.getsid(process.pid) == session
    except ProcessLookupError:
        return False


def _name(process: psutil.Process) -> str:
    try:
        return str(process.name())
    except psutil.NoSuchProcess:
        return ""
