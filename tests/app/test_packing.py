import asyncio
import zlib

import pytest
from starlette.responses import Response, StreamingResponse
from starlette.types import Message

from app.packing import Packing

LONG = b'{"a": 1}' * 200


def _sent(response: Response, path: str = "/v1/jobs", accepted: str = "gzip") -> list[Message]:
    sent: list[Message] = []

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "path": path, "headers": [(b"accept-encoding", accepted.encode())]}
    asyncio.run(Packing(response)(scope, receive, send))
    return sent


def _headers(message: Message) -> dict[bytes, bytes]:
    return dict(message["headers"])


def test_a_long_answer_is_packed_for_who_takes_it() -> None:
    start, body = _sent(Response(LONG, media_type="application/json"))
    assert _headers(start)[b"content-encoding"] == b"gzip"
    assert _headers(start)[b"vary"] == b"Accept-Encoding"
    assert int(_headers(start)[b"content-length"]) == len(body["body"]) < len(LONG) / 4
    assert zlib.decompress(body["body"], 31) == LONG
    _, plain = _sent(Response(LONG, media_type="application/json"), accepted="br")
    assert plain["body"] == LONG


@pytest.mark.parametrize(
    ("response", "path"),
    [
        (Response(b"{}" * 400, media_type="application/json"), "/v1/jobs"),
        (StreamingResponse(iter([LONG]), media_type="text/event-stream"), "/v1/jobs/x/events"),
        (StreamingResponse(iter([LONG]), media_type="application/json"), "/v1/students/x/files/y"),
        (Response(LONG, media_type="text/css"), "/page/page.css"),
    ],
    ids=["short", "events", "file", "page"],
)
def test_what_is_short_or_stored_or_awaited_is_not_packed(response: Response, path: str) -> None:
    start, body, *_ = _sent(response, path)
    assert b"content-encoding" not in _headers(start)
    assert body["body"][:2] in (b"{}", b'{"')
