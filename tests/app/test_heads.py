from collections.abc import AsyncIterator

import anyio
import pytest
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route
from starlette.types import Message, Scope

from app.database import Database
from app.heads import Heads
from app.http_metrics import HttpMetrics
from app.records import StoredStudentFile
from app.services import Services
from tests.app.samples import new_student, searching_job

# Of which each answer has another.
OWN = {"x-request-id", "date"}


@pytest.mark.parametrize("packed", ["identity", "gzip"])
@pytest.mark.parametrize(
    "path", ["/", "/page/main.js", "/healthz", "/readyz", "/v1/jobs", "/v1/server", "/nothing"]
)
def test_head_is_get_without_the_body(client: TestClient, path: str, packed: str) -> None:
    accepted = {"Accept-Encoding": packed}
    head, get = (client.request(method, path, headers=accepted) for method in ("HEAD", "GET"))
    assert head.status_code == get.status_code
    assert head.content == b""
    assert get.content
    of_head, of_get = (
        {name: value for name, value in answer.headers.items() if name not in OWN}
        for answer in (head, get)
    )
    assert of_head == of_get
    assert "content-length" in of_head


def test_a_file_tells_its_length_and_is_not_read(
    client: TestClient, services: Services, database: Database
) -> None:
    stored = services.artifacts.put_bytes("students/x/student.pt2", bytes(2**20))
    file = StoredStudentFile("student.pt2", stored.key, stored.bytes, stored.sha256)
    _, writer = searching_job(database)
    student_id = writer.add_student(new_student((file,)), best=True)
    answer = client.head(f"/v1/students/{student_id}/files/student.pt2")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(2**20)
    assert answer.headers["etag"] == f'"{stored.sha256}"'


def test_the_head_of_a_stream_of_events_comes_at_once(
    client: TestClient, database: Database
) -> None:
    lease, _ = searching_job(database)
    answer = client.head(f"/v1/jobs/{lease.job_id}/events")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert _held(client) == 0


def test_what_has_no_get_has_no_head(client: TestClient) -> None:
    assert client.head("/v1/jobs/job_x/cancel").status_code == 405


def test_a_stream_is_left_where_its_body_begins() -> None:
    begun: list[int] = []
    answered: list[tuple[object, object]] = []

    async def parts() -> AsyncIterator[bytes]:
        for number in range(100):
            begun.append(number)
            yield b"."

    async def stream(_: Request) -> StreamingResponse:
        return StreamingResponse(parts())

    asked = {"type": "http", "method": "HEAD", "path": "/s", "query_string": b""}
    scope: Scope = asked | {"headers": [], "asgi": {"spec_version": "2.4"}}

    async def receive() -> Message:
        await anyio.sleep_forever()
        raise AssertionError

    async def send(message: Message) -> None:
        answered.append((scope["method"], message.get("body")))

    inner = Starlette(routes=[Route("/s", stream, methods=["GET"])])
    anyio.run(Heads(inner), scope, receive, send)
    assert begun == [0]
    assert answered == [("HEAD", None), ("HEAD", b"")]


def _held(client: TestClient) -> float:
    metrics: HttpMetrics = client.app.state.metrics.http  # type: ignore[attr-defined]
    (metric,) = metrics.held.collect()
    return sum(sample.value for sample in metric.samples)
