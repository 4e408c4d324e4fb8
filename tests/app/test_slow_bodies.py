import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from app.api import create_app
from app.problems import TooSlow
from app.services import Services
from app.slow_bodies import SlowBodies
from tests.app.conftest import URL_OF_API

Sent = list[tuple[float, bytes, bool]]  # seconds until it comes, what comes, whether there is more
SCOPE: dict[str, Any] = {"type": "http"}
KIND = "multipart/form-data; boundary=x"
SOON_S = 10.0


async def _read(parts: Sent, bytes_per_s: int, patience: pytest.MonkeyPatch) -> bytes:
    """Returns the body as a route reads it, on a clock that a part's coming moves on."""
    now, left, read = [0.0], list(parts), bytearray()
    patience.setattr("app.slow_bodies._PATIENCE_S", 0.05)

    async def receive() -> dict[str, Any]:
        takes_s, body, more = left.pop(0)
        if takes_s < 0:
            await asyncio.Event().wait()
        now[0] += takes_s
        return {"type": "http.request", "body": body, "more_body": more}

    async def route(_: Any, receive: Any, __: Any) -> None:  # noqa: ANN401
        more = True
        while more:
            message = await receive()
            read.extend(message["body"])
            more = message["more_body"]

    async def send(_: Any) -> None:  # noqa: ANN401
        return None

    await SlowBodies(route, bytes_per_s, lambda: now[0])(SCOPE, receive, send)
    return bytes(read)


def test_what_comes_in_time_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    parts: Sent = [(0.04, b"x" * 100, True), (0.9, b"y" * 100, False)]
    assert asyncio.run(_read(parts, 100, monkeypatch)) == b"x" * 100 + b"y" * 100


@pytest.mark.parametrize("parts", [[(-1.0, b"", True)], [(0.04, b"x", True), (-1.0, b"", True)]])
def test_what_does_not_come_is_not_waited_for(parts: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TooSlow) as caught:
        asyncio.run(_read(parts, 100, monkeypatch))
    assert caught.value.status == 408
    assert caught.value.headers["Connection"] == "close"


def test_a_byte_at_a_time_uses_up_the_time_that_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    parts: Sent = [(0.03, b"x", True)] * 3 + [(0.0, b"", False)]
    with pytest.raises(TooSlow):
        asyncio.run(_read(parts, 1000, monkeypatch))
    assert asyncio.run(_read(parts, 10, monkeypatch)) == b"xxx"


def test_without_a_limit_a_body_may_take_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asyncio.run(_read([(1000.0, b"x", False)], 0, monkeypatch)) == b"x"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/datasets", "/v1/teachers", "/v1/estimates"])
def test_the_api_waits_for_no_body_that_does_not_come(
    services: Services, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr("app.slow_bodies._PATIENCE_S", 0.05)

    async def begun() -> AsyncIterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="'
        await asyncio.Event().wait()

    async def sent() -> httpx.Response:
        app = httpx.ASGITransport(create_app(services))
        kind = "application/json" if path in ("/v1/jobs", "/v1/estimates") else KIND
        async with httpx.AsyncClient(transport=app, base_url=URL_OF_API) as client:
            sending = client.post(path, content=begun(), headers={"Content-Type": kind})
            return await asyncio.wait_for(sending, SOON_S)

    answer = asyncio.run(sent())
    assert (answer.status_code, answer.headers["connection"]) == (408, "close")
    assert answer.json()["type"] == "urn:stillhouse:problem:too-slow"
