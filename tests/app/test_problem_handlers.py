from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.api import create_app
from app.problems import TYPE_PREFIX, MethodNotAllowed, NotFound, StillhouseError
from app.services import Services
from app.settings import Settings
from tests.app.conftest import URL_OF_API


def _of(client: TestClient, method: str, path: str) -> dict[str, object]:
    answer = client.request(method, path)
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, object] = answer.json()
    assert body["status"] == answer.status_code
    assert str(body["type"]).startswith("urn:stillhouse:problem:")
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/jobs/", 404),
        ("DELETE", "/v1/jobs", 405),
        ("PUT", "/healthz", 405),
        ("GET", "/v1/jobs/job_%00", 404),
        ("GET", "/v1/jobs/%ff%fe", 404),
        ("GET", "/v1/students/std_%00/files/%00", 404),
        ("GET", "/v1/datasets/dst_%00", 404),
        ("GET", "/v1/embeddings/emb_%00", 404),
        ("POST", "/v1/jobs/%00/cancel", 404),
        ("GET", "/v1/jobs?limit=0", 422),
        ("GET", "/v1/jobs?limit=many", 422),
        ("GET", "/v1/jobs?cursor=%00", 422),
        ("GET", "/v1/datasets?cursor=%F0%9F%98%80", 422),
        ("POST", "/v1/datasets", 415),
        ("POST", "/v1/jobs", 415),
    ],
)
def test_every_error_is_a_problem(client: TestClient, method: str, path: str, status: int) -> None:
    assert _of(client, method, path)["status"] == status


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/nothing", NotFound),
        ("GET", "/v1/jobs/job_none", NotFound),
        ("DELETE", "/v1/jobs", MethodNotAllowed),
    ],
)
def test_a_type_has_one_title_whoever_refuses(
    client: TestClient, method: str, path: str, kind: type[StillhouseError]
) -> None:
    body = _of(client, method, path)
    found = (body["type"], body["title"], body["status"])
    assert found == (TYPE_PREFIX + kind.type, kind.title, kind.status)


def test_a_wrong_parameter_is_named(client: TestClient) -> None:
    body = _of(client, "GET", "/v1/jobs?limit=501")
    assert body["errors"] == [
        {"pointer": "#/limit", "detail": "Input should be less than or equal to 500"}
    ]


def test_what_nobody_expected_is_a_problem_without_its_innards(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode() -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(services.database, "check", explode)
    app = create_app(services)
    client = TestClient(app, base_url=URL_OF_API, raise_server_exceptions=False)
    body = _of(client, "GET", "/readyz")
    assert body["status"] == 500
    assert "secret" not in str(body)


def test_a_database_that_is_gone_is_a_problem_and_asks_for_patience(tmp_path: Path) -> None:
    settings = Settings(tmp_path, "postgresql://127.0.0.1:1/none", f"file://{tmp_path}")
    app = create_app(Services.open(settings))
    client = TestClient(app, base_url=URL_OF_API, raise_server_exceptions=False)
    assert _of(client, "GET", "/v1/jobs")["status"] == 503
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert client.get("/healthz").status_code == 200
