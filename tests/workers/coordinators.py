"""Coordinators as processes of their own, whose log is in their home."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

POLL_S = 0.1
LONG_S = 120


def start_coordinator(home: Path, ray_address: str) -> subprocess.Popen[bytes]:
    """Starts a coordinator with a lease of three seconds; its group is to be killed."""
    environment = {
        **os.environ,
        "STILLHOUSE_HOME": str(home),
        "STILLHOUSE_LEASE_S": "3",
        "STILLHOUSE_RAY_ADDRESS": ray_address,
    }
    with (home / "log").open("ab") as log:
        command = [sys.executable, "-m", "workers"]
        return subprocess.Popen(command, env=environment, stderr=log, start_new_session=True)


def until(process: subprocess.Popen[bytes], reached: Callable[[], bool], home: Path) -> None:
    """Waits for something that the process does; fails if it ends or takes too long."""
    for _ in range(int(LONG_S / POLL_S)):
        if reached():
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(POLL_S)
            break
    pytest.fail((home / "log").read_text())
