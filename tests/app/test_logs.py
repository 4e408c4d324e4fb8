import json
import logging
import sys
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, use_span

from app.api import create_app
from app.api_keys import list_keys
from app.database import Database
from app.log_context import while_about
from app.logs import JsonLines, format_written, write_logs
from app.services import Services
from tests.app.conftest import URL_OF_API
from tests.app.test_door import new_key


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)


def _record(message: str, *arguments: object, exc_info: object = None) -> logging.LogRecord:
    return logging.LogRecord(
        "workers.search",
        logging.INFO,
        "f.py",
        1,
        message,
        arguments,
        exc_info,  # type: ignore[arg-type]
    )


def test_a_line_of_json_is_one_object_with_what_it_is_about() -> None:
    with while_about(job_id="job_1", trial=3, key_id=None):
        line = JsonLines().format(_record("%s: trial %d:\nnext", "job_1", 3))
    assert "\n" not in line
    found = json.loads(line)
    at = found.pop("at")
    assert at.endswith("+00:00")
    assert found == {
        "level": "INFO", "logger": "workers.search", "message": "job_1: trial 3:\nnext",
        "job_id": "job_1", "trial": 3,
    }  # fmt: skip


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_line_names_the_request_and_the_key_that_it_came_with(
    services: Services, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    app = create_app(services)

    @app.get("/look")
    async def look() -> None:
        logging.getLogger("app").info("looked")

    @app.get("/look/threads")
    def look_in_a_thread() -> None:
        logging.getLogger("app").info("looked")

    sent = {**new_key(database, "read"), "X-Request-Id": "mine"}
    with database.read() as session:
        (key,) = list_keys(session)
    write_logs("json")
    client = TestClient(app, base_url=URL_OF_API)
    assert client.get("/look", headers=sent).status_code == 200
    assert client.get("/look/threads", headers=sent).status_code == 200
    logged = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    told = [(one["request_id"], one["key_id"]) for one in logged if one["message"] == "looked"]
    assert told == [("mine", key.id)] * 2


def test_an_exception_is_in_the_same_line() -> None:
    try:
        raise ValueError("wrong")
    except ValueError:
        line = JsonLines().format(_record("left", exc_info=sys.exc_info()))
    assert json.loads(line)["exception"].endswith("ValueError: wrong")


def test_the_span_that_is_current_is_named() -> None:
    span = NonRecordingSpan(SpanContext(0xAB, 0xCD, is_remote=True, trace_flags=TraceFlags(1)))
    with use_span(span):
        found = json.loads(JsonLines().format(_record("x")))
    assert (found["trace_id"], found["span_id"]) == (f"{0xAB:032x}", f"{0xCD:016x}")
    assert "trace_id" not in json.loads(JsonLines().format(_record("x")))


def test_text_stays_as_people_read_it(capsys: pytest.CaptureFixture[str]) -> None:
    write_logs("text")
    with while_about(job_id="job_1"):
        logging.getLogger("workers").info("%s: claimed, fence %d", "job_1", 2)
    assert capsys.readouterr().err.endswith(" INFO job_1: claimed, fence 2\n")


def test_json_is_written_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    write_logs("json")
    logging.getLogger("workers").warning("ä")
    logging.getLogger("workers").debug("not told")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["message"] == "ä"
    assert format_written() == "json"
