import os
import socket

import pytest
from opentelemetry.trace import StatusCode

from app.tracing import span
from tests.spans import Spans, trace_of
from workers.call_span import CallSpan, Ran


def test_a_call_is_a_span_with_what_ran_on_a_worker_within(monkeypatch: pytest.MonkeyPatch) -> None:
    spans = Spans(monkeypatch)
    with span("search"):
        call = CallSpan(3, "run_trial")
    call.ran(Ran.now("value", 2_000, 5_000), attempt=2)
    call.end()
    sent, ran = spans.one("run_trial"), spans.one("run")
    assert spans.path(ran) == ["run", "run_trial", "search"]
    assert sent.attributes == {"stillhouse.call": "3", "stillhouse.trial": 3}
    assert (ran.start_time, ran.end_time) == (2_000, 5_000)
    assert ran.attributes == {
        "host.name": socket.gethostname(), "process.pid": os.getpid(), "stillhouse.attempt": 2,
    }  # fmt: skip
    assert str(call.traceparent).startswith(f"00-{trace_of(sent):032x}-")


def test_a_failure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    spans = Spans(monkeypatch)
    CallSpan("the exam", "evaluate").end("WorkerDied")
    found = spans.one("evaluate")
    assert found.status.status_code is StatusCode.ERROR
    assert (found.attributes or {})["error.type"] == "WorkerDied"
    assert "stillhouse.trial" not in (found.attributes or {})


def test_a_clock_that_went_back_makes_no_span_that_ends_before_it_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spans = Spans(monkeypatch)
    call = CallSpan("a", "f")
    call.ran(Ran.now(None, 5_000, 2_000), attempt=1)
    assert spans.one("run").end_time == 5_000


def test_where_no_traces_are_written_it_is_nothing() -> None:
    call = CallSpan(3, "run_trial")
    call.ran(Ran.now(None, 1, 2), attempt=1)
    call.end("WorkerDied")
    assert call.traceparent is None
