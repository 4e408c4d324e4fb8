"""The folder in which the processes of one API keep what they measure, while one of them lives."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

_PREFIX = "stillhouse-metrics-"
_NEW_FOR_S = 60.0  # in which whoever made it has locked it


@contextmanager
def metrics_folder() -> Iterator[Path]:
    """Yields an empty folder, which is gone afterwards; so are those of servers that were killed.

    It is locked by this process and its forks: where nobody holds the lock, nobody is left.
    """
    for old in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # in use, another user's, or gone meanwhile
            _remove_unused(old)
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as name:
        lock = os.open(name, os.O_RDONLY | os.O_DIRECTORY)
        flock(lock, LOCK_EX | LOCK_NB)
        try:
            yield Path(name)
        finally:
            os.close(lock)


def _remove_unused(folder: Path) -> None:
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        flock(lock, LOCK_EX | LOCK_NB)
        if time.time() - os.fstat(lock).st_mtime > _NEW_FOR_S:
            shutil.rmtree(folder)
    finally:
        os.close(lock)
