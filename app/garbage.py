"""When the API's process looks for garbage that refers to itself.

Python looks through all that there is once enough has been made since. With 500 open streams that
takes 0.1 s, in which nothing is answered, and would come every few seconds; what is found is little
(objects of requests that went wrong, mostly). So that look is taken once a minute.
"""

import asyncio
import gc

EVERY_S = 60.0
_NEVER = 2**31 - 1


def keep_what_is_here() -> None:
    """Has all that was made so far, which stays, looked through no more.

    So it stays in memory that processes share, too.
    """
    gc.collect()
    gc.freeze()


async def collect_now_and_then(every_s: float = EVERY_S) -> None:
    """Looks through all that is there once in a while, and never between; until it is cancelled."""
    young, middle, old = gc.get_threshold()
    gc.set_threshold(young, middle, _NEVER)
    try:
        while True:
            await asyncio.sleep(every_s)
            gc.collect()
    finally:
        if old != _NEVER:  # then somebody else's
            gc.set_threshold(young, middle, old)
