"""What tests of the pool run on Ray's workers."""

import logging
import os
import signal
import time
from pathlib import Path

import ray
import torch

from app.tracing import traceparent
from workers.data import Labelled


def surroundings(data: Labelled) -> tuple[bool, int, int, int]:
    """Returns whether the images may be written, the niceness, torch's threads, and the sum."""
    niceness = os.getpriority(os.PRIO_PROCESS, 0)
    return data.images.flags.writeable, niceness, torch.get_num_threads(), int(data.images.sum())


def reserved() -> dict[str, float]:
    """Returns what Ray has reserved for the call."""
    return dict(ray.get_runtime_context().get_assigned_resources())


def address_beside(data: Labelled, folder: Path, calls: int) -> tuple[int, str]:
    """Returns its process, and which bytes of which shared memory the images are.

    It waits for so many calls to run at once, for which they use the folder.
    """
    (folder / str(os.getpid())).touch()
    while len(list(folder.iterdir())) < calls:
        time.sleep(0.01)
    address = data.images.ctypes.data
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, _, offset, device, inode = line.split()[:5]
        first, end = (int(number, 16) for number in span.split("-"))
        if first <= address < end:
            return os.getpid(), f"{device} {inode} {int(offset, 16) + address - first}"
    raise AssertionError("no memory of this process is there")


def divide(by: int) -> float:
    return 1 / by


def die_until(folder: Path, deaths: int) -> int:
    """Kills its own process the first `deaths` times; then returns how often it was called."""
    calls = len(list(folder.iterdir())) + 1
    (folder / str(calls)).touch()
    if calls <= deaths:
        os.kill(os.getpid(), signal.SIGKILL)
    return calls


def end_by_signal(number: int) -> None:
    os.kill(os.getpid(), number)


def end_by_code(code: int) -> None:
    os._exit(code)


def run_forever(started: Path) -> None:
    started.with_suffix(".part").write_text(str(os.getpid()))
    started.with_suffix(".part").rename(started)
    while True:
        time.sleep(60)


def say(words: str) -> None:
    """Writes them into the log."""
    logging.getLogger("tests").info(words)


def span_above() -> str | None:
    """Returns the span that the call is a part of, as W3C writes it."""
    return traceparent()
