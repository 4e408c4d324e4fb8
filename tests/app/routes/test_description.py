import re
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from app.api import create_app
from app.api_keys import create_key
from app.database import Database
from app.services import Services
from tests.app.conftest import URL_OF_API

# What a page may do that has neither scripts nor forms.
POLICY = {
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url  # nothing here is in a database


def test_the_page_needs_nothing_but_this_server_and_runs_nothing(client: TestClient) -> None:
    answer = client.get("/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert set(answer.headers["content-security-policy"].split("; ")) == POLICY
    assert not re.search(r"<script|<style|<form| style=| on\w+=|javascript:", answer.text)
    loaded = re.findall(r'<(?:link|img)[^>]* (?:href|src)="([^"]+)"', answer.text)
    assert loaded
    for path in loaded:
        assert client.get(f"/{path}").status_code == 200, path


def test_both_are_open_where_everything_else_needs_a_key(
    services: Services, database: Database
) -> None:
    with database.write() as session:
        create_key(session, "ada", {"read"}, None)
    settings = replace(services.settings, host="0.0.0.0")
    client = TestClient(create_app(replace(services, settings=settings)), base_url=URL_OF_API)
    assert client.get("/v1/server").status_code == 401
    assert client.get("/docs").status_code == client.get("/openapi.json").status_code == 200


def test_the_description_is_openapi_and_sent_again_only_where_it_changed(
    client: TestClient,
) -> None:
    answer = client.get("/openapi.json")
    assert answer.json()["openapi"] == "3.1.0"
    known = {"If-None-Match": answer.headers["etag"]}
    assert client.get("/openapi.json", headers=known).status_code == 304
    assert client.get("/openapi.json").content == answer.content


@pytest.mark.parametrize("path", ["/redoc", "/docs/oauth2-redirect"])
def test_the_frameworks_own_pages_are_not_there(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404
