"""The one Ray that `stillhouse serve` owns: its command line, environment and folder."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from stillhouse import ports
from stillhouse.errors import CannotServe

# A job's data set and a teacher's weights lie in the object store once, whatever the number of
# trials: 1 GiB holds CIFAR-10 several times over.
_OBJECT_STORE_BYTES = 1 << 30
_SMALLEST_OBJECT_STORE_BYTES = 128 << 20
# Not TMPDIR, whose path may be too long for a socket's.
_TEMPORARY = Path("/tmp")


@dataclass(frozen=True)
class RayNode:
    """A Ray head on the loopback address that only holders of its token can use.

    Attributes:
        directory: Where it keeps its sockets and logs; its path is short.
        port: Where it answers.
        cpus: How many trials of one CPU each run at once.
        token: What a driver must know; new for each node.
    """

    directory: Path
    port: int
    cpus: int
    token: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)

    @classmethod
    def for_home(cls, home: Path, cpus: int | None = None) -> RayNode:
        """Returns a node for a home; raises CannotServe if its folder is somebody else's."""
        directory = _directory(home)
        _claim(directory)
        return cls(directory, ports.free_port(), cpus or os.cpu_count() or 1)

    @property
    def address(self) -> str:
        """What a driver connects to."""
        return f"127.0.0.1:{self.port}"

    @property
    def command(self) -> list[str]:
        """Starts the node and stays in the foreground."""
        options = {
            "port": self.port,
            "node-ip-address": "127.0.0.1",
            "num-cpus": self.cpus,
            "object-store-memory": _object_store_bytes(),
            "temp-dir": self.directory,
            "include-dashboard": "false",
            "include-log-monitor": "false",
        }
        flags = [f"--{name}={value}" for name, value in options.items()]
        return [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", *flags]

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """Returns an environment for the node and its drivers.

        Ray replaces 127.0.0.1 by the machine's address and then listens on all of them, unless
        it is told that this is no cluster, by a variable named after two other systems.
        """
        return {
            **base,
            "RAY_ADDRESS": self.address,
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": self.token,
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "0",
        }

    def ready(self) -> bool:
        """Returns whether the node is whole: Ray then names itself in a file, and answers."""
        named = self.directory / "ray_current_cluster"
        return named.exists() and ports.answers("127.0.0.1", self.port)

    def clear(self) -> None:
        """Removes what the node, or one before it in this folder, has left on disk."""
        shutil.rmtree(self.directory, ignore_errors=True)


def _directory(home: Path) -> Path:
    """A Unix socket's path may have 107 bytes; Ray adds about 65 to this folder's."""
    name = hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:10]
    return _TEMPORARY / f"stillhouse-{os.getuid()}-{name}"


def _claim(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    try:
        directory.mkdir(mode=0o700)
    except FileExistsError as error:
        msg = f"{directory} is not ours to use; remove it"
        raise CannotServe(msg) from error


def _object_store_bytes() -> int:
    share = int(psutil.virtual_memory().total // 8)
    return max(_SMALLEST_OBJECT_STORE_BYTES, min(_OBJECT_STORE_BYTES, share))
