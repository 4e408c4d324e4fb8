import asyncio
from collections.abc import Hashable

import pytest
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from app.json_answer import tagged_answer
from app.polling import polled_answer
from app.problems import TooMany
from app.visitor import Visitor
from app.watch import Watch

SOON_S = 30.0


class Thing(BaseModel):
    """What is asked for."""

    state: str = "queued"


def _request(etag: str | None = None, key_id: str | None = None) -> Request:
    headers = [] if etag is None else [(b"if-none-match", etag.encode())]
    state = {"visitor": Visitor(key_id, "ada", frozenset({"read"}))}
    return Request({"type": "http", "headers": headers, "state": state})


class Place:
    """A thing on record, and who asks for it."""

    def __init__(self, most: int = 9) -> None:
        self.thing = Thing()
        self.etag = tagged_answer(_request(), self.thing).headers["etag"]
        self.watch = Watch(self._look, most, every_s=0.001)

    def _look(self, _: object) -> dict[str, Hashable]:
        return {"a": self.thing.state}

    async def _read(self) -> Thing:
        return self.thing

    async def ask(
        self, wait_s: float, etag: str | None = None, key_id: str | None = None
    ) -> Response:
        waited = polled_answer(_request(etag, key_id), self.watch, "a", wait_s, self._read)
        return await asyncio.wait_for(waited, SOON_S)


@pytest.mark.parametrize("etag", [None, '"another"'])
def test_who_has_something_else_is_answered_at_once(etag: str | None) -> None:
    place = Place(most=0)
    answer = asyncio.run(place.ask(SOON_S * 2, etag))
    assert (answer.status_code, answer.body) == (200, b'{"state":"queued"}')


def test_who_has_it_is_answered_once_it_changes() -> None:
    place = Place()

    async def main() -> Response:
        waiting = asyncio.create_task(place.ask(SOON_S * 2, place.etag))
        while not (place.watch._sights and place.watch._sights["a"].version):
            await asyncio.sleep(0)
        place.thing = Thing(state="succeeded")
        return await waiting

    answer = asyncio.run(main())
    assert (answer.status_code, answer.body) == (200, b'{"state":"succeeded"}')
    assert answer.headers["etag"] != place.etag


@pytest.mark.parametrize("wait_s", [0, 0.01])
def test_when_the_time_is_over_nothing_has_changed(wait_s: float) -> None:
    place = Place()
    answer = asyncio.run(place.ask(wait_s, place.etag))
    assert (answer.status_code, answer.body) == (304, b"")
    assert place.watch._places.taken == 0


def test_a_change_that_is_none_for_the_asker_is_waited_over() -> None:
    place = Place()

    async def main() -> Response:
        waiting = asyncio.create_task(place.ask(SOON_S * 2, place.etag))
        while not (place.watch._sights and place.watch._sights["a"].version):
            await asyncio.sleep(0)
        sight = place.watch._sights["a"]
        for number in range(1, 4):
            sight.pulse = "another"  # so the next look finds it changed
            while sight.version <= number:
                await asyncio.sleep(0)
        assert not waiting.done()
        place.thing = Thing(state="failed")
        return await waiting

    assert asyncio.run(main()).status_code == 200


def test_a_server_that_stops_answers() -> None:
    place = Place()

    async def main() -> Response:
        waiting = asyncio.create_task(place.ask(SOON_S * 2, place.etag))
        while not (place.watch._sights and place.watch._sights["a"].waiting):
            await asyncio.sleep(0)
        await place.watch.close()
        return await waiting

    assert asyncio.run(main()).status_code == 304


def test_one_more_than_may_wait_is_refused() -> None:
    place = Place(most=0)
    with pytest.raises(TooMany):
        asyncio.run(place.ask(SOON_S, place.etag))


def test_a_key_leaves_others_places_to_wait() -> None:
    place = Place(most=2)

    async def main() -> None:
        waiting = asyncio.create_task(place.ask(SOON_S, place.etag, "key_a"))
        while not place.watch._sights:
            await asyncio.sleep(0)
        with pytest.raises(TooMany, match="for your key"):
            await place.ask(SOON_S, place.etag, "key_a")
        assert (await place.ask(0.01, place.etag, "key_b")).status_code == 304
        waiting.cancel()

    asyncio.run(main())
