"""Asking a server again until what it works on is done."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from stillhouse.errors import WaitedTooLong

T = TypeVar("T")


def wait_for(
    read: Callable[[], T],
    done: Callable[[T], bool],
    what: str,
    timeout_s: float,
    poll_s: float = 0.25,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """Returns what is read once it is done.

    Raises:
        WaitedTooLong: `timeout_s` passed first; the server goes on.
    """
    deadline = clock() + timeout_s
    while not done(found := read()):
        if clock() >= deadline:
            msg = f"{what} is not done after {timeout_s:g} s; is a coordinator running?"
            raise WaitedTooLong(msg)
        sleep(poll_s)
    return found
