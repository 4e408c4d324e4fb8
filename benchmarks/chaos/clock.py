"""A wall clock for the servers that can be set to another time, as a machine's own may be.

By libfaketime (Debian's package `libfaketime`), which is loaded into every process that inherits
this one's environment from here on. Clocks that only run, such as `time.monotonic`, stay as they
are: setting a machine's clock doesn't move them either.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_LIBRARY = "libfaketimeMT.so.1"  # MT: for programs with threads
_FOLDERS = "/usr/lib/*/faketime"
_PRELOAD = "LD_PRELOAD"


class Clock:
    """How far the servers' clock is from the machine's own, in a file that they read."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.offset_s = 0.0
        self.jump_to(0.0)

    def jump_to(self, offset_s: float) -> None:
        """Sets the clock; later than the machine's own if `offset_s` is positive."""
        self.offset_s = offset_s
        new = self._file.with_suffix(".new")
        new.write_text(f"{offset_s:+.3f}\n")
        new.rename(self._file)


@contextmanager
def jumping_clock(file: Path) -> Iterator[Clock | None]:
    """Yields the clock of all processes that are started in it; None without libfaketime."""
    found = sorted(Path("/").glob(f"{_FOLDERS[1:]}/{_LIBRARY}"))
    if not found:
        yield None
        return
    before = dict(os.environ)
    os.environ |= {
        _PRELOAD: str(found[0]),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    try:
        yield Clock(file)
    finally:
        os.environ.clear()
        os.environ.update(before)


def with_own_clock(environment: Mapping[str, str]) -> dict[str, str]:
    """Returns an environment whose processes have the machine's own clock."""
    return {name: value for name, value in environment.items() if name != _PRELOAD}
