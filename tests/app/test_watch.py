import asyncio
from collections.abc import Collection, Coroutine, Hashable, Mapping
from typing import Any, TypeVar

import pytest

from app.problems import TooMany
from app.watch import Sight, Watch

SOON_S = 30.0  # an event that is waited for comes at once; this is for a test that fails
T = TypeVar("T")


class Things:
    """What is watched: pulses that a test changes, and how often they were looked at."""

    def __init__(self) -> None:
        self.pulses: dict[str, Hashable] = {"a": 1, "b": 1}
        self.looks: list[list[str]] = []
        self.broken = False

    def look(self, keys: Collection[str]) -> Mapping[str, Hashable]:
        self.looks.append(sorted(keys))
        if self.broken:
            self.broken = False
            raise OSError("the database is away")
        return dict(self.pulses)


def run(main: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(main, SOON_S))


async def settled(sight: Sight) -> int:
    """Returns the version after the first look."""
    await sight.changed(0, SOON_S)
    return sight.version


def test_who_waits_is_woken_by_a_change_of_his_thing_alone() -> None:
    things = Things()

    async def main() -> None:
        watch = Watch(things.look, most=9, every_s=0.001)
        async with watch.on("a") as a, watch.on("b") as b:
            seen_a, seen_b = await settled(a), await settled(b)
            things.pulses["a"] = 2
            assert await a.changed(seen_a, SOON_S)
            assert not await b.changed(seen_b, 0)
            del things.pulses["b"]
            assert await b.changed(seen_b, SOON_S)

    run(main())


def test_hundreds_are_woken_by_one_look() -> None:
    things = Things()

    async def main() -> None:
        watch = Watch(things.look, most=1000, every_s=0.001)
        ready: list[int] = []

        async def wait() -> bool:
            async with watch.on("a") as sight:
                seen = await settled(sight)
                ready.append(seen)
                return await sight.changed(seen, SOON_S)

        waiting = [asyncio.create_task(wait()) for _ in range(500)]
        while len(ready) < 500:
            await asyncio.sleep(0)
        things.pulses["a"] = 2
        assert all(await asyncio.gather(*waiting))

    run(main())
    assert all(keys == ["a"] for keys in things.looks)


def test_nothing_is_looked_at_while_nobody_watches() -> None:
    things = Things()

    async def main() -> None:
        watch = Watch(things.look, most=9, every_s=0.001)
        async with watch.on("a") as sight:
            await settled(sight)
        while watch._looking is not None:
            await asyncio.sleep(0.001)
        looks = len(things.looks)
        async with watch.on("b") as sight:  # and it is taken up again
            await settled(sight)
        assert things.looks[looks:] != []
        assert all(keys == ["b"] for keys in things.looks[looks:])

    run(main())


def test_who_waits_in_vain_is_told_so() -> None:
    async def main() -> None:
        watch = Watch(Things().look, most=9, every_s=0.001)
        async with watch.on("a") as sight:
            seen = await settled(sight)
            assert not await sight.changed(seen, 0.01)
            assert sight.waiting == set()

    run(main())


def test_a_look_that_fails_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.watch._AFTER_FAILURE_S", 0.001)
    things = Things()
    things.broken = True

    async def main() -> None:
        watch = Watch(things.look, most=9, every_s=0.001)
        async with watch.on("a") as sight:
            assert await sight.changed(0, SOON_S)

    run(main())
    assert len(things.looks) >= 2


def test_one_more_than_may_watch_is_refused() -> None:
    async def main() -> None:
        watch = Watch(Things().look, most=1)
        async with watch.on("a"):
            with pytest.raises(TooMany):
                watch.expect_room()
            with pytest.raises(TooMany):
                async with watch.on("a"):
                    pass
        watch.expect_room()

    run(main())


def test_a_server_that_stops_lets_everybody_go() -> None:
    async def main() -> None:
        watch = Watch(Things().look, most=9, every_s=0.001)
        async with watch.on("a") as sight:
            seen = await settled(sight)
            waiting = asyncio.create_task(sight.changed(seen, SOON_S))
            while not sight.waiting:
                await asyncio.sleep(0)
            await watch.close()
            assert not await waiting
            assert sight.closed
        async with watch.on("b") as late:
            assert not await late.changed(0, SOON_S)

    run(main())


def test_what_a_version_gives_is_made_once() -> None:
    made: list[int] = []

    async def make() -> int:
        made.append(len(made))
        await asyncio.sleep(0)
        return made[-1]

    async def broken() -> int:
        raise ConnectionError

    async def main() -> None:
        sight = Sight()
        assert await asyncio.gather(*(sight.share("x", make) for _ in range(5))) == [0] * 5
        assert await sight.share("y", make) == 1
        sight.move_on("new")
        assert await sight.share("x", make) == 2
        for _ in range(2):  # a failure is not kept
            with pytest.raises(ConnectionError):
                await sight.share("z", broken)
        assert await sight.share("z", make) == 3
        for number in range(20):
            await sight.share(number, make)
        assert len(sight._shared) == 8

    run(main())
