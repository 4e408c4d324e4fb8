"""Watching: one look at the database for all who wait for a change, however many they are.

All of it runs on the event loop but for the look itself, so nothing here needs a lock.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Hashable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from app.places import Places

_log = logging.getLogger(__name__)

T = TypeVar("T")
Look = Callable[[Collection[str]], Mapping[str, Hashable]]
EVERY_S = 0.5
_AFTER_FAILURE_S = 5.0
# Those who wait are woken in slices, between which other requests are answered: to wake 200 at once
# would hold these up for longer than they may take.
_SLICES = 50
_BETWEEN_SLICES_S = 0.008
_SHARED = 8  # things made of one version that are kept for others to take


class Sight:
    """One thing that is looked at.

    Attributes:
        version: rises with each change that was seen.
        closed: whether no change will be seen any more, for the server stops.
    """

    def __init__(self) -> None:
        self.version = 0
        self.closed = False
        self.watchers = 0
        self.pulse: Hashable = None
        self.waiting: set[asyncio.Future[None]] = set()
        self._shared: dict[Hashable, asyncio.Task[Any]] = {}

    async def changed(self, since: int, within_s: float) -> bool:
        """Waits until the version is another than `since`; returns whether it is within the time.

        It is another at the latest after the first look: what was read before may be older.
        """
        if self.version == since and not self.closed and within_s > 0:
            future = asyncio.get_running_loop().create_future()
            self.waiting.add(future)
            try:
                async with asyncio.timeout(within_s):
                    await future
            except TimeoutError:
                return False
            finally:
                self.waiting.discard(future)
        return self.version != since

    async def share(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Returns what is made of this version under the key, once for all who ask for it."""
        task = self._shared.get(key)
        if task is None:
            task = asyncio.create_task(make())
            self._shared[key] = task
            task.add_done_callback(partial(self._forget_failed, key))
            if len(self._shared) > _SHARED:
                del self._shared[next(iter(self._shared))]
        made: T = await asyncio.shield(task)
        return made

    def move_on(self, pulse: Hashable) -> None:
        """Takes the new pulse; what was shared is out of date."""
        self.pulse = pulse
        self.version += 1
        self._shared.clear()

    def _forget_failed(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        failed = task.cancelled() or task.exception() is not None
        if failed and self._shared.get(key) is task:
            del self._shared[key]


class Watch:
    """Looks at everything that somebody watches, twice a second; rests while nobody does."""

    def __init__(self, look: Look, most: int, every_s: float = EVERY_S) -> None:
        """Looks at nothing yet.

        Args:
            look: returns the pulses of things by their ids; runs in a thread.
            most: how many may watch at once.
            every_s: seconds between two looks.
        """
        self._look = look
        self._places = Places(most, "requests wait for changes")
        self._every_s = every_s
        self._sights: dict[str, Sight] = {}
        self._looking: asyncio.Task[None] | None = None
        self._limiter = CapacityLimiter(1)
        self._closed = False

    def expect_room(self, owner: str | None = None) -> None:
        """Checks that one more may watch, of this API key's if it has one.

        Raises:
            TooMany: as many watch as may at once, or half of them are this key's.
        """
        self._places.expect_one(owner)

    @asynccontextmanager
    async def on(self, key: str, owner: str | None = None) -> AsyncIterator[Sight]:
        """Yields the sight of the thing under an id, which is looked at until the block's end.

        Raises:
            TooMany: as `expect_room`.
        """
        with self._places.take(owner):
            sight = self._sights.setdefault(key, Sight())
            sight.closed = self._closed
            sight.watchers += 1
            if self._looking is None:
                self._looking = asyncio.create_task(self._keep_looking())
            try:
                yield sight
            finally:
                sight.watchers -= 1
                if sight.watchers == 0:
                    del self._sights[key]

    async def close(self) -> None:
        """Lets go of all who wait: the server stops."""
        self._closed = True
        if self._looking is not None:
            self._looking.cancel()
        for sight in self._sights.values():
            sight.closed = True
        await _wake(list(self._sights.values()))

    async def _keep_looking(self) -> None:
        try:
            while self._sights and not self._closed:
                await asyncio.sleep(await self._look_once())
        finally:
            self._looking = None

    async def _look_once(self) -> float:
        """Looks, and wakes who waits for what changed; returns when to look again, in seconds."""
        try:
            found = await run_sync(self._look, list(self._sights), limiter=self._limiter)
        except Exception:  # noqa: BLE001 - whatever it is, those who wait go on waiting
            _log.exception("what is watched can't be looked at")
            return _AFTER_FAILURE_S
        changed = []
        for key, sight in self._sights.items():
            pulse = found.get(key)
            if sight.version == 0 or pulse != sight.pulse:
                sight.move_on(pulse)
                changed.append(sight)
        clock = asyncio.get_running_loop().time
        began = clock()
        await _wake(changed)
        return max(0.0, self._every_s - (clock() - began))


async def _wake(sights: Collection[Sight]) -> None:
    waiting = [future for sight in sights for future in sight.waiting]
    size = -(-len(waiting) // _SLICES)
    for start in range(0, len(waiting), max(size, 1)):
        for future in waiting[start : start + size]:
            if not future.done():
                future.set_result(None)
        await asyncio.sleep(_BETWEEN_SLICES_S)
