"""Processes in tests: waiting for what they do, and seeing that nothing of them stays."""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil


def eventually(holds: Callable[[], bool], within_s: float = 20.0) -> bool:
    """Returns whether something holds within a time; looks often, so that it costs no more."""
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.02)
    return True


def tree(pid: int) -> list[psutil.Process]:
    """Returns a process and everything below it."""
    top = psutil.Process(pid)
    return [top, *top.children(recursive=True)]


def gone(processes: list[psutil.Process]) -> bool:
    """Returns whether all of some processes have ended."""
    return not any(
        process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes
    )
