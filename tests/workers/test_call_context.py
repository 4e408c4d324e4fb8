import json
import os
import sys
from pathlib import Path

import pytest

from app.log_context import log_fields, while_about
from app.tracing import traceparent
from tests.workers.remote_calls import say
from workers.call_context import CallContext
from workers.forked import run_forked

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_it_is_taken_along_from_where_a_call_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.logs._WRITTEN", ["json"])
    with while_about(job_id="job_1"):
        assert CallContext.here(3, PARENT) == CallContext(
            {"job_id": "job_1", "trial": 3}, "json", PARENT
        )
        assert CallContext.here("the exam", None).fields == {"job_id": "job_1"}


def test_what_a_child_logs_is_about_it(tmp_path: Path) -> None:
    context = CallContext({"job_id": "job_1", "trial": 3}, "json", PARENT)
    log = tmp_path / "log"

    def call() -> object:
        with log.open("w") as sys.stderr:
            os.dup2(sys.stderr.fileno(), 2)
            context.take_on()
            say("hello")
            return dict(log_fields()), traceparent()

    assert run_forked(call) == ({"job_id": "job_1", "trial": 3}, PARENT)
    found = json.loads(log.read_text())
    assert (found["message"], found["job_id"], found["trial"]) == ("hello", "job_1", 3)
    assert found["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert found["span_id"] == "00f067aa0ba902b7"
    assert dict(log_fields()) == {}
