import asyncio
import zlib

import pytest
from fastapi.testclient import TestClient
from starlette.responses import Response, StreamingResponse
from starlette.types import Message

from app import job_commands
from app.database import Database
from app.packing import Packing
from tests.app.samples import new_job

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


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_api_packs_pages_and_no_events(client: TestClient, database: Database) -> None:
    jobs = [new_job(database, name=f"job {number}") for number in range(5)]
    with database.write() as session:
        job_commands.cancel(session, jobs[0])
    packed = {"Accept-Encoding": "gzip"}
    page = client.get("/v1/jobs", headers=packed)
    plain = client.get("/v1/jobs", headers={"Accept-Encoding": "identity"})
    assert page.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert page.json() == plain.json()
    assert int(page.headers["content-length"]) < len(plain.content) / 2
    events = client.get(f"/v1/jobs/{jobs[0]}/events", headers=packed)
    assert events.headers["content-type"].startswith("text/event-stream")
    assert "content-encoding" not in events.headers
    assert events.text.count("event: state") == 2
