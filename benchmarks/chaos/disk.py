"""A small disk under a folder, which can be filled up without harm to the machine's own."""

from __future__ import annotations

import errno
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SIZE = "512m"  # of the tmpfs; more than all jobs of a run store
_FILLER = ".filler"
_ZEROS = bytes(2**20)


class SmallDisk:
    """A tmpfs mounted on a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fill(self) -> None:
        """Takes all that is free, whatever others write meanwhile."""
        with (self._folder / _FILLER).open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(_ZEROS)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def free(self) -> None:
        """Gives it back."""
        (self._folder / _FILLER).unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk | None]:
    """Yields a small disk on a folder, or None where mounting one isn't allowed."""
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        yield None
        return
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
