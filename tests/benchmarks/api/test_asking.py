import asyncio
from itertools import pairwise
from random import Random

from benchmarks.api.asking import Plan, ask, due_times
from benchmarks.api.mix import User
from benchmarks.api.streams import delays_ms


def test_as_many_requests_are_due_as_the_rate_says_and_at_random_moments() -> None:
    due = due_times(200.0, 10.0, Random(0))
    assert len(due) == 2000
    assert due == sorted(due)
    assert 0.0 <= due[0] < due[-1] < 10.0
    gaps = [later - one for one, later in pairwise(due)]
    assert max(gaps) > 4 * (10.0 / 2000)


def test_who_waits_for_an_answer_does_not_hold_up_the_next_request() -> None:
    assert asyncio.run(_slow_answers()) >= 5


async def _slow_answers() -> int:
    """Returns how many requests were under way at once, where each is answered at the end."""
    waiting: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        waiting.append(writer)

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        users = [User("key", ("job",), "job", "/file", 100, 1.0)]
        plan = Plan("127.0.0.1", port, users, per_s=100.0, seconds=0.1, seed=0)
        asked = asyncio.create_task(ask(plan, lambda _: None))
        while len(waiting) < 10 and not asked.done():
            await asyncio.sleep(0)
        at_once = len(waiting)
        for writer in waiting:
            writer.close()
        found = await asked
    assert sum(found.errors.values()) == 10
    return at_once


def test_delays_are_those_of_trials_that_ended_while_somebody_listened() -> None:
    arrivals = {
        ("job", 1, "completed"): [10.5, 10.75],
        ("job", 1, "running"): [9.0],
        ("job", 2, "completed"): [11.0],
    }
    assert delays_ms(arrivals, {("job", 1): 10.0}) == [500.0, 750.0]
