import gzip
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from app.database import Database
from app.jobs import get_origin
from app.origin import Origin
from app.tracing import context_of, span, start_tracing, traceparent
from tests.app.samples import REQUEST, new_job
from tests.spans import Spans, trace_of

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
PROGRAM = """
import logging
from app.tracing import span, start_tracing
logging.basicConfig(level=logging.INFO, format="%(message)s")
stop = start_tracing("still")
for _ in range(3):
    with span("work", job_id="job_1"):
        pass
stop()
"""


class Collector(HTTPServer):
    """An OpenTelemetry collector that keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Receiver)
        self.requests: list[tuple[str, ExportTraceServiceRequest]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Receiver(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.requests.append((self.path, ExportTraceServiceRequest.FromString(body)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Spans:
    return Spans(monkeypatch)


def _run(**environ: str) -> str:
    """Returns what is said by a process that makes three spans."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(
        command, env=inherited | environ, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stderr


def test_spans_are_sent_where_the_environment_says(collector: Collector) -> None:
    assert _run(OTEL_EXPORTER_OTLP_ENDPOINT=collector.url) == ""
    ((path, sent),) = collector.requests
    assert path == "/v1/traces"
    (of_service,) = sent.resource_spans
    named = {one.key: one.value.string_value for one in of_service.resource.attributes}
    assert named["service.name"] == "still"
    (of_scope,) = of_service.scope_spans
    assert [one.name for one in of_scope.spans] == ["work"] * 3
    assert of_scope.spans[0].attributes[0].key == "stillhouse.job_id"


def test_a_service_may_be_named_otherwise(collector: Collector) -> None:
    _run(OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_SERVICE_NAME="mine")
    ((_, sent),) = collector.requests
    named = {one.key: one.value.string_value for one in sent.resource_spans[0].resource.attributes}
    assert named["service.name"] == "mine"


def test_a_collector_that_is_away_is_told_of_once_and_not_waited_for() -> None:
    began = time.monotonic()
    said = _run(
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1",
        OTEL_BSP_MAX_EXPORT_BATCH_SIZE="1",
        OTEL_EXPORTER_OTLP_TIMEOUT="1",
    )
    assert time.monotonic() - began < 20
    assert said == "traces don't reach http://127.0.0.1:1: dropped\n"


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_nothing_is_sent_unless_it_is_asked_for(environ: dict[str, str]) -> None:
    start_tracing("still", environ)()
    with span("work"):
        assert traceparent() is None


def test_without_its_packages_it_says_which(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    start_tracing("still", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"})()
    assert "stillhouse[tracing]" in caplog.text


def test_a_span_goes_on_another_processs(spans: Spans) -> None:
    with span("work", PARENT, job_id="job_1", trial=None) as made:
        assert str(traceparent()).startswith("00-4bf92f3577b34da6a3ce929d0e0e4736-")
        assert traceparent(made) == traceparent()
    found = spans.one("work")
    assert found.parent is not None
    assert f"{found.parent.span_id:016x}" == "00f067aa0ba902b7"
    assert found.attributes == {"stillhouse.job_id": "job_1"}


def test_what_ended_a_block_is_named(spans: Spans) -> None:
    with pytest.raises(ZeroDivisionError), span("work"):
        raise ZeroDivisionError
    assert (spans.one("work").attributes or {})["error.type"] == "ZeroDivisionError"


@pytest.mark.parametrize("parent", ["nonsense", "00-0-0-0", ""])
def test_a_parent_that_cannot_be_read_is_none(spans: Spans, parent: str) -> None:
    with span("work", parent):
        pass
    assert spans.one("work").parent is None
    assert context_of(None) is None


def test_a_request_is_a_span_that_goes_on_the_clients(client: TestClient, spans: Spans) -> None:
    client.get("/v1/jobs/nothing", headers={"traceparent": PARENT})
    found = spans.one("GET /v1/jobs/{job_id}")
    assert trace_of(found) == 0x4BF92F3577B34DA6A3CE929D0E0E4736
    assert (found.attributes or {})["http.response.status_code"] == 404


def test_what_machines_ask_for_all_the_time_is_none(client: TestClient, spans: Spans) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        assert client.get(path).status_code == 200
        assert spans.named(f"GET {path}") == []


def test_a_job_keeps_the_request_that_it_came_by(
    client: TestClient, database: Database, spans: Spans
) -> None:
    sent = {"traceparent": PARENT, "X-Request-Id": "mine"}
    job = client.post("/v1/jobs", json=REQUEST, headers=sent).json()["id"]
    with database.read() as session:
        origin = get_origin(session, job)
    made = spans.one("POST /v1/jobs").context
    assert made is not None
    expected = f"00-4bf92f3577b34da6a3ce929d0e0e4736-{made.span_id:016x}-01"
    assert origin == Origin("mine", expected)


def test_one_that_came_by_none_has_none(database: Database) -> None:
    job = new_job(database)
    with database.read() as session:
        assert get_origin(session, job) == Origin()
