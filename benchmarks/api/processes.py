"""The load's own processes: one asks, one follows, so that neither holds the other up."""

import asyncio
import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.api.asking import Asked, Plan, ask
from benchmarks.api.streams import Followed, Stream, Streams

_SPAWN = multiprocessing.get_context("spawn")  # nothing of ours is copied into them
_ALL_OPEN_S = 120.0


def asked(plan: Plan, on_second: Callable[[int], None]) -> tuple[Asked, float]:
    """Carries a plan out in a process; returns what came of it, and its CPU seconds."""
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_ask, args=(plan, theirs), daemon=True)
    process.start()
    theirs.close()
    while isinstance(told := ours.recv(), int):
        on_second(told)
    process.join()
    result: tuple[Asked, float] = told
    return result


class Following:
    """Streams that another process holds open."""

    def __init__(self, connection: "Connection[Any, Any]") -> None:
        self._connection = connection
        self.followed = Followed()
        self.cpu_s = 0.0

    def end(self) -> None:
        """Has the streams closed, and takes what came over them."""
        self._connection.send("close")
        self.followed, self.cpu_s = self._connection.recv()


@contextmanager
def following(host: str, port: int, streams: list[Stream]) -> Iterator[Following]:
    """Yields once all streams are open, or refused."""
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_follow, args=(host, port, streams, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(_ALL_OPEN_S):
            raise TimeoutError(f"{len(streams)} streams are not open after {_ALL_OPEN_S:g} s")
        ours.recv()
        yield Following(ours)
    finally:
        process.kill()
        process.join()


def _ask(plan: Plan, parent: "Connection[Any, Any]") -> None:
    found = asyncio.run(ask(plan, parent.send))
    parent.send((found, _cpu_s()))


def _follow(host: str, port: int, streams: list[Stream], parent: "Connection[Any, Any]") -> None:
    asyncio.run(_follow_until_told(Streams(host, port), streams, parent))


async def _follow_until_told(
    all_of_them: Streams, streams: list[Stream], parent: "Connection[Any, Any]"
) -> None:
    await all_of_them.open(streams)
    before_s = _cpu_s()
    parent.send("open")
    await asyncio.to_thread(parent.recv)
    parent.send((await all_of_them.close(), _cpu_s() - before_s))


def _cpu_s() -> float:
    times = os.times()
    return times.user + times.system
