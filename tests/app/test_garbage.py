import asyncio
import gc
import weakref
from contextlib import suppress

import pytest

from app.garbage import collect_now_and_then, keep_what_is_here


class Ring:
    """Refers to itself, so that only a look for garbage finds it."""

    def __init__(self) -> None:
        self.itself = self


def test_garbage_is_found_once_in_a_while_and_never_between() -> None:
    async def serve() -> tuple[bool, int]:
        collecting = asyncio.create_task(collect_now_and_then(0.01))
        await asyncio.sleep(0)
        left = weakref.ref(Ring())
        gc.collect(1)  # it outlives the looks at what is young
        threshold = gc.get_threshold()[2]
        async with asyncio.timeout(10):
            while left() is not None:
                await asyncio.sleep(0.01)
        collecting.cancel()
        with suppress(asyncio.CancelledError):
            await collecting
        return left() is None, threshold

    before = gc.get_threshold()
    assert asyncio.run(serve()) == (True, 2**31 - 1)
    assert gc.get_threshold() == before


def test_one_that_ends_leaves_things_as_they_were_before_all() -> None:
    async def overlapping() -> None:
        first, second = (asyncio.create_task(collect_now_and_then()) for _ in range(2))
        for one in (first, second):
            await asyncio.sleep(0)
            one.cancel()
            with suppress(asyncio.CancelledError):
                await one

    before = gc.get_threshold()
    asyncio.run(overlapping())
    assert gc.get_threshold() == before


@pytest.fixture
def thawed() -> object:
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("thawed")
def test_what_is_here_is_looked_through_no_more() -> None:
    kept = [Ring()]
    keep_what_is_here()
    assert not any(kept[0] is found for found in gc.get_objects())
