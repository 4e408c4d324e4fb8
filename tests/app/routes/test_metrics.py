from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.api import create_app
from app.database import Database
from app.services import Services
from app.visitor import Scope
from tests.app.conftest import URL_OF_API
from tests.app.samples import REQUEST
from tests.app.test_door import new_key
from tests.app.test_http_metrics import samples_of, value


def test_it_is_text_that_prometheus_reads(client: TestClient) -> None:
    client.post("/v1/jobs", json=REQUEST)
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text;version=x"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    seen = samples_of(answer.text)
    assert value(seen, "stillhouse_database_up") == 1
    assert value(seen, "stillhouse_jobs", state="queued") == 1
    assert value(seen, "stillhouse_oldest_queued_job_age_seconds") is not None
    assert (value(seen, "process_resident_memory_bytes") or 0) > 10**7


@pytest.mark.parametrize(("scopes", "status"), [(("read", "submit"), 403), (("admin",), 200)])
def test_it_needs_an_admins_key_where_there_are_keys(
    client: TestClient, database: Database, scopes: tuple[Scope, ...], status: int
) -> None:
    key = new_key(database, *scopes)
    assert client.get("/metrics", headers=key).status_code == status
    assert client.get("/metrics").status_code == 401


def test_it_tells_of_all_owners(client: TestClient, database: Database) -> None:
    client.post("/v1/jobs", json=REQUEST, headers=new_key(database, "submit", name="ada"))
    seen = samples_of(client.get("/metrics", headers=new_key(database, "admin", name="ops")).text)
    assert value(seen, "stillhouse_jobs", state="queued") == 1


def test_it_takes_nothing_of_what_a_key_may_ask(services: Services, database: Database) -> None:
    settings = replace(services.settings, max_requests_per_s=1)
    client = TestClient(create_app(replace(services, settings=settings)), base_url=URL_OF_API)
    key = new_key(database, "admin")
    assert {client.get("/metrics", headers=key).status_code for _ in range(30)} == {200}
    assert client.get("/v1/jobs", headers=key).status_code == 200


@pytest.mark.parametrize("with_keys", [False, True])
def test_while_the_database_is_away_it_tells_that_and_the_rest(
    services: Services, database: Database, monkeypatch: pytest.MonkeyPatch, with_keys: bool
) -> None:
    key = new_key(database, "admin") if with_keys else {}
    app = create_app(services)
    client = TestClient(app, base_url=URL_OF_API)
    assert client.get("/metrics", headers=key).status_code == 200

    @contextmanager
    def away(_: Database) -> Iterator[Session]:
        raise OperationalError("SELECT", {}, Exception("away"))
        yield

    monkeypatch.setattr(Database, "read", away)
    monkeypatch.setattr("app.doorman.REMEMBERED_FOR_S", -1.0)
    monkeypatch.setattr("app.state_metrics.KEPT_S", -1.0)
    answer = client.get("/metrics", headers=key)
    assert answer.status_code == 200
    seen = samples_of(answer.text)
    assert value(seen, "stillhouse_database_up") == 0
    assert value(seen, "stillhouse_jobs", state="queued") is None
    assert value(seen, "stillhouse_http_requests_in_progress") == 1
    assert client.get("/v1/jobs", headers=key).status_code == 503
    stranger = {"Authorization": "Bearer sth_" + "a" * 43}
    assert client.get("/metrics", headers=stranger).status_code == (503 if with_keys else 200)
