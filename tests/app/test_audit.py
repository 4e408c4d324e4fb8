import json
import logging
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app import audit
from app.api import create_app
from app.api_keys import list_keys
from app.database import Database
from app.services import Services
from tests.app.conftest import URL_OF_API
from tests.app.samples import REQUEST
from tests.app.test_door import new_key


@pytest.fixture
def client(client: TestClient, caplog: pytest.LogCaptureFixture) -> TestClient:
    caplog.set_level(logging.INFO, logger="stillhouse.audit")
    return client


def _lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [json.loads(r.message) for r in caplog.records if r.name == "stillhouse.audit"]


def test_what_changes_something_is_written_down_with_who_did_it(
    client: TestClient, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    key = new_key(database, "read", "submit")
    made = client.post("/v1/jobs", json=REQUEST, headers=key)
    client.post(f"{made.headers['location']}/cancel", headers=key)
    client.post("/v1/jobs/nothing%0Aelse/pause?x=secret", headers=key)
    client.get("/v1/jobs", headers=key)
    with database.read() as session:
        (known,) = list_keys(session)
    lines = _lines(caplog)
    assert [(line["did"], line["status"]) for line in lines] == [
        ("POST /v1/jobs", 202),
        (f"POST {made.headers['location']}/cancel", 202),
        ("POST /v1/jobs/nothing\nelse/pause", 422),
    ]
    assert {(line["key"], line["name"]) for line in lines} == {(known.id, "ada")}
    assert lines[0]["made"] == made.headers["location"]
    assert lines[0]["from"] == "testclient"
    assert "sth_" not in caplog.text
    assert "secret" not in caplog.text


def test_what_is_refused_is_written_down_too(
    services: Services, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="stillhouse.audit")
    settings = replace(services.settings, max_requests_per_s=1)
    client = TestClient(create_app(replace(services, settings=settings)), base_url=URL_OF_API)
    reader, writer = new_key(database, "read", name="r"), new_key(database, "submit", name="w")
    assert client.post("/v1/jobs", json=REQUEST, headers=reader).status_code == 403
    assert client.post("/v1/jobs", json={}, headers=writer).status_code == 422
    while client.delete("/v1/jobs/x", headers=writer).status_code == 404:
        pass  # until it asks too fast
    lines = _lines(caplog)
    assert [(line["name"], line["status"]) for line in lines[:2]] == [("r", 403), ("w", 422)]
    assert (lines[-1]["name"], lines[-1]["status"]) == ("w", 429)
    count = len(lines)
    assert client.post("/v1/jobs", json=REQUEST).status_code == 401
    wrong = {"Authorization": "Bearer sth_" + "a" * 43}
    assert client.post("/v1/jobs", json=REQUEST, headers=wrong).status_code == 401
    assert len(_lines(caplog)) == count  # nobody is known to have sent these


def test_what_fails_is_written_down_too(
    client: TestClient,
    database: Database,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("app.routes.jobs.submit", fail)
    answer = client.post("/v1/jobs", json=REQUEST, headers=new_key(database, "submit"))
    assert answer.status_code == 500
    assert [(line["did"], line["status"]) for line in _lines(caplog)] == [("POST /v1/jobs", 500)]


def test_without_keys_nobody_is_written_down(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    assert client.post("/v1/jobs", json=REQUEST).status_code == 202
    assert _lines(caplog) == []


def test_the_lines_go_to_standard_error_as_they_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = logging.getLogger("stillhouse.audit")
    monkeypatch.setattr(log, "handlers", [])
    monkeypatch.setattr(log, "propagate", True)
    monkeypatch.setattr(log, "level", logging.NOTSET)
    with (tmp_path / "stderr").open("w") as file:
        monkeypatch.setattr(sys, "stderr", file)
        audit.write_to_stderr()
        log.info('{"did": "x"}')
    assert (tmp_path / "stderr").read_text() == '{"did": "x"}\n'
