import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from app.connection import Connection

LARGE = b"x" * 2**20
PARTS = 64  # of the large answer: more than all buffers on the way hold


async def _app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401
    body = b"" if scope["path"] != "/large" else LARGE
    if scope["path"] == "/refused":
        await _answer(send, b"no")
        return
    if scope["path"] == "/body":
        while (await receive()).get("more_body"):
            pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(PARTS if body else 0):
        await send({"type": "http.response.body", "body": body, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _answer(send: Any, body: bytes) -> None:  # noqa: ANN401
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Impatient(Connection):
    head_s = 0.2
    unread_s = 0.2


@asynccontextmanager
async def _port(kind: type[Connection]) -> AsyncIterator[int]:
    config = uvicorn.Config(_app, port=0, http=kind, lifespan="off", log_level="critical")
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.force_exit = True
        await server.shutdown()


async def _sent(port: int, *parts: bytes) -> bytes:
    """Returns all that comes until the server closes, or for two seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    got = b""
    try:
        async with asyncio.timeout(2.0):
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0.01)
            while data := await reader.read(2**16):
                got += data
            got += b"<closed>"
    except ConnectionError:
        got += b"<closed>"
    except TimeoutError:
        pass
    writer.transport.abort()
    return got


@pytest.mark.parametrize("head", [b"", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nA: b\r\nC"])
def test_a_head_that_does_not_come_is_not_waited_for(head: bytes) -> None:
    async def ask() -> bytes:
        async with _port(Impatient) as port:
            return await _sent(port, *([head] if head else []))

    assert asyncio.run(ask()) == b"<closed>"


def test_a_second_head_is_not_waited_for_either() -> None:
    async def ask() -> bytes:
        async with _port(Impatient) as port:
            return await _sent(port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HT")

    got = asyncio.run(ask())
    assert got.startswith(b"HTTP/1.1 200")
    assert got.endswith(b"<closed>")


def test_a_head_has_so_many_bytes_at_most() -> None:
    async def ask() -> bytes:
        async with _port(Connection) as port:
            return await _sent(port, b"GET / HTTP/1.1\r\n", *[b"A: " + b"b" * 9000 + b"\r\n"] * 9)

    assert asyncio.run(ask()).startswith(b"HTTP/1.1 431")


def test_a_body_may_take_longer_than_a_head() -> None:
    async def ask() -> bytes:
        async with _port(Impatient) as port:
            head = (
                b"POST /body HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 40\r\n\r\n"
            )
            return await _sent(port, head, *[b"x"] * 40)

    assert asyncio.run(ask()).startswith(b"HTTP/1.1 200")


def test_who_is_refused_may_send_the_rest_of_a_large_body() -> None:
    async def ask() -> bytes:
        async with _port(Connection) as port:
            head = b"POST /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n"
            again = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            return await _sent(port, head, b"x" * 100_000, b"x" * 100_000, again)

    got = asyncio.run(ask())
    assert got.startswith(b"HTTP/1.1 413")
    assert b"HTTP/1.1 200" in got


def test_who_does_not_read_is_let_go() -> None:
    async def ask() -> bool:
        async with _port(Impatient) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**10)
            writer.write(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            await asyncio.sleep(0.6)
            size = 0
            try:
                while data := await reader.read(2**20):
                    size += len(data)
            except ConnectionError:
                pass
            return size < len(LARGE) * PARTS

    assert asyncio.run(ask())
