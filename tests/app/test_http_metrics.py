import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from starlette.types import Message, Receive, Scope, Send

from app.api import create_app
from app.http_metrics import HttpMetrics, Measuring, held
from app.services import Services
from tests.app.conftest import URL_OF_API
from tests.app.samples import REQUEST

LATENCY = "stillhouse_http_request_duration_seconds"
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples_of(text: str) -> Samples:
    """Returns all that a text of metrics tells, by name and labels; fails if it is none."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, frozenset(labels.items())))


def ask(client: TestClient) -> Samples:
    return samples_of(client.get("/metrics").text)


def test_requests_are_told_by_their_route_and_never_by_their_path(client: TestClient) -> None:
    job = client.post("/v1/jobs", json=REQUEST).json()["id"]
    for _ in range(3):
        client.get(f"/v1/jobs/{job}")
    client.get("/v1/jobs/nothing")
    client.get("/wp-login.php")
    client.request("BREW", "/v1/jobs")
    seen = ask(client)
    count = f"{LATENCY}_count"
    of_one = {"method": "GET", "route": "/v1/jobs/{job_id}"}
    assert value(seen, count, **of_one, status="200") == 3
    assert value(seen, count, **of_one, status="404") == 1
    assert value(seen, count, method="POST", route="/v1/jobs", status="202") == 1
    assert value(seen, count, method="GET", route="unmatched", status="404") == 1
    assert value(seen, count, method="other", route="/v1/jobs", status="405") == 1
    labels = {label for _, labels in seen for label in labels}
    assert not any(job in label or "wp-login" in label for _, label in labels)


def test_one_that_waited_is_no_latency(client: TestClient) -> None:
    job = client.post("/v1/jobs", json=REQUEST).json()["id"]
    tag = client.get(f"/v1/jobs/{job}").headers["etag"]
    path, header = f"/v1/jobs/{job}?wait=1", {"If-None-Match": tag}
    assert client.get(path, headers=header).status_code == 304
    client.get(path)  # has nothing yet, so it is answered at once
    seen = ask(client)
    route = "/v1/jobs/{job_id}"
    assert value(seen, "stillhouse_http_waits_total", route=route, status="304") == 1
    assert value(seen, f"{LATENCY}_count", method="GET", route=route, status="304") is None
    assert value(seen, f"{LATENCY}_count", method="GET", route=route, status="200") == 2
    assert value(seen, "stillhouse_http_held_requests", kind="wait") == 0
    assert value(seen, "stillhouse_http_requests_in_progress") == 1  # this one


def test_an_error_of_ours_is_a_500(services: Services) -> None:
    app = create_app(services)

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError

    client = TestClient(app, base_url=URL_OF_API, raise_server_exceptions=False)
    assert client.get("/broken").status_code == 500
    seen = ask(client)
    assert value(seen, f"{LATENCY}_count", method="GET", route="/broken", status="500") == 1
    assert value(seen, "stillhouse_http_requests_in_progress") == 1


def _measured(
    app: Callable[[Scope, Receive, Send], Awaitable[None]],
    body: Callable[[], Awaitable[Message]] | None = None,
) -> CollectorRegistry:
    """Returns what is measured of one request to an application, as it is when it has ended."""
    registry = CollectorRegistry()

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_: Message) -> None:
        pass

    measuring = Measuring(app, HttpMetrics(registry))
    asyncio.run(measuring({"type": "http", "method": "GET"}, body or receive, send))
    return registry


def _sum(registry: CollectorRegistry) -> float:
    labels = {"method": "GET", "route": "unmatched", "status": "200"}
    found = registry.get_sample_value(f"{LATENCY}_sum", labels)
    assert found is not None
    return found


def test_neither_a_slow_sender_nor_a_slow_reader_counts() -> None:
    async def slow_body() -> Message:
        await asyncio.sleep(0.2)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def app(_: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(0.2)

    assert _sum(_measured(app, slow_body)) < 0.1


def test_our_own_work_counts() -> None:
    async def app(_: Scope, __: Receive, send: Send) -> None:
        await asyncio.sleep(0.05)
        await send({"type": "http.response.start", "status": 200, "headers": []})

    assert 0.04 < _sum(_measured(app)) < 1


@pytest.mark.parametrize("kind", ["stream", "wait"])
def test_what_is_held_is_counted_meanwhile(kind: str) -> None:
    found: list[float | None] = []

    async def app(scope: Scope, _: Receive, send: Send) -> None:
        with held(scope, kind):  # type: ignore[arg-type]  # one of both
            metrics: HttpMetrics = scope["state"]["http_metrics"]
            found.extend(s.value for f in metrics.held.collect() for s in f.samples)
        await send({"type": "http.response.start", "status": 200, "headers": []})

    registry = _measured(app)
    assert sorted(found) == [0, 1]  # type: ignore[type-var]  # all are there
    name, labels = "stillhouse_http_held_requests", {"kind": kind}
    assert registry.get_sample_value(name, labels) == 0


def test_what_nobody_measures_is_held_all_the_same() -> None:
    with held({"type": "http"}, "wait"):
        pass


def test_an_open_stream_is_told(services: Services) -> None:
    app = create_app(services)

    async def main() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=URL_OF_API) as client:
            job = (await client.post("/v1/jobs", json=REQUEST)).json()["id"]
            scope = {
                "type": "http", "method": "GET", "path": f"/v1/jobs/{job}/events",
                "query_string": b"", "headers": [(b"host", b"127.0.0.1")], "state": {},
            }  # fmt: skip
            begun, gone = asyncio.Event(), asyncio.Event()

            async def receive() -> Message:
                await gone.wait()
                return {"type": "http.disconnect"}

            async def send(message: Message) -> None:
                if message["type"] == "http.response.body":
                    begun.set()

            stream = asyncio.create_task(app(scope, receive, send))
            await begun.wait()
            seen = samples_of((await client.get("/metrics")).text)
            assert value(seen, "stillhouse_http_held_requests", kind="stream") == 1
            gone.set()
            await stream
            seen = samples_of((await client.get("/metrics")).text)
            assert value(seen, "stillhouse_http_held_requests", kind="stream") == 0
            route = "/v1/jobs/{job_id}/events"
            latency = value(seen, f"{LATENCY}_count", method="GET", route=route, status="200")
            assert latency == 1  # until it opened

    asyncio.run(asyncio.wait_for(main(), 30))
