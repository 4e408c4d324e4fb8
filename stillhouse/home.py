"""The folder that holds everything of an installation on one machine, and who is serving it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from stillhouse.errors import CannotServe

_FOR_ITS_USER_ALONE = 0o700  # what everybody's keys uploaded is in it


def home_of(environment: Mapping[str, str]) -> Path:
    """Returns the home that the servers take from an environment too."""
    return Path(environment.get("STILLHOUSE_HOME") or "~/.stillhouse").expanduser().absolute()


def environment_of(home: Path | None, environment: Mapping[str, str]) -> dict[str, str]:
    """Returns the environment in which our programs find a home; their own one where it is None."""
    if home is None:
        return dict(environment)
    return {**environment, "STILLHOUSE_HOME": str(home.expanduser().absolute())}


@contextmanager
def served(home: Path) -> Iterator[None]:
    """Holds a home, made for its user alone if there is none, to the process's end at the latest.

    Raises:
        CannotServe: Another process holds it, or it can't be written.
    """
    try:
        home.mkdir(mode=_FOR_ITS_USER_ALONE, parents=True, exist_ok=True)
        lock = (home / "serve.lock").open("a+")
    except OSError as error:
        msg = f"can't use {home} as home: {error.strerror}"
        raise CannotServe(msg) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            holder = lock.read().strip() or "another process"
            msg = f"{home} is being served already, by process {holder}"
            raise CannotServe(msg) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
