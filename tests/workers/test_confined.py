"""What a confined process may do; `test_child` tries the limits through who starts it."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

MODULE = "tests.workers.misbehaving"
LIMITS = {"memory_bytes": 2**29, "file_bytes": 2**20}


def _run(
    folder: Path, parent: int, processor_s: int = 60, **document: object
) -> subprocess.CompletedProcess[bytes]:
    limits = LIMITS | {"parent": parent, "processor_s": processor_s}
    command = [sys.executable, "-P", "-m", "workers.confined", json.dumps(limits), MODULE]
    return subprocess.run(
        command,
        input=json.dumps(document).encode(),
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        check=False,
    )


def _may_leave_the_network() -> bool:
    """Whether the kernel lets a process of this user's have a network of its own."""
    program = (
        "import ctypes; c = ctypes.CDLL(None);"
        "raise SystemExit(c.unshare(0x40000000) and c.unshare(0x50000000))"
    )
    return subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.skipif(not _may_leave_the_network(), reason="the kernel lets nobody leave it here")
def test_it_reaches_nobody(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = _run(tmp_path, os.getpid(), do="connect", port=server.getsockname()[1])
    assert done.returncode == 1
    assert b"Network is unreachable" in done.stderr


def test_it_does_nothing_for_a_parent_that_is_gone(tmp_path: Path) -> None:
    done = _run(tmp_path, 1, do="say", text="done")
    assert done.returncode == 1
    assert done.stdout == b""
    assert b"is gone" in done.stderr


def test_too_much_processor_time_ends_it_with_a_signal_that_tells(tmp_path: Path) -> None:
    done = _run(tmp_path, os.getpid(), processor_s=1, do="spin")
    assert done.returncode == -signal.SIGXCPU
