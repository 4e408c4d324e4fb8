import dataclasses
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.api import create_app
from app.services import Services
from app.settings import Settings


def _client(folder: Path, **changes: str) -> TestClient:
    names = {f"STILLHOUSE_{name}": value for name, value in changes.items()}
    settings = Settings.from_environment({"STILLHOUSE_HOME": str(folder)} | names)
    return TestClient(create_app(Services.open(settings)))


def _status(client: TestClient, host: str) -> int:
    answer = client.get("/healthz", headers={"Host": host})
    return int(answer.status_code)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8000", "localhost:9000", "LocalHost", "[::1]:8000", "[::1]"]
)
def test_this_machine_may_ask_under_its_own_names(tmp_path: Path, host: str) -> None:
    assert _status(_client(tmp_path), host) == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.1@evil.example",
        "localhost:80:80",
        "[::1]evil",
        "0.0.0.0:8000",
        "",
    ],
)
def test_a_name_pointed_at_this_machine_is_refused(tmp_path: Path, host: str) -> None:
    client = _client(tmp_path)
    for path in ("/v1/jobs", "/openapi.json", "/nothing"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 421
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:stillhouse:problem:misdirected"
        assert "STILLHOUSE_ALLOWED_HOSTS" in answer.json()["detail"]


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::", "192.168.0.7"])
def test_the_hosts_that_are_named_may_be_asked_for(tmp_path: Path, address: str) -> None:
    client = _client(tmp_path, HOST=address, ALLOWED_HOSTS="still.example, [fd00::7]")
    for host in ("still.example:8000", "Still.Example", "[fd00::7]:8000", "localhost", "127.0.0.1"):
        assert _status(client, host) == 200
    for host in ("evil.example", "0.0.0.0", "[::]"):
        assert _status(client, host) == 421


@pytest.mark.parametrize(("address", "host"), [("127.0.0.9", "127.0.0.9:1"), ("::1", "[::1]:1")])
def test_the_listening_address_may_be_asked_for(tmp_path: Path, address: str, host: str) -> None:
    client = _client(tmp_path, HOST=address)
    assert _status(client, host) == 200
    assert _status(client, "evil.example") == 421


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.0.7", "still.example"])
def test_who_listens_to_other_machines_and_names_none_takes_any(
    tmp_path: Path, address: str
) -> None:
    assert _status(_client(tmp_path, HOST=address), "any.example:8000") == 200


def test_another_sites_page_changes_nothing(client: TestClient, services: Services) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    for path in ("/v1/jobs", "/v1/datasets", f"/v1/jobs/job_{'a' * 22}/cancel"):
        answer = client.post(path, headers=headers)
        assert answer.status_code == 403
        assert answer.json()["type"] == "urn:stillhouse:problem:forbidden"
    assert client.get("/v1/jobs", headers=headers).status_code == 200
    anywhere = dataclasses.replace(services.settings, host="0.0.0.0")
    exposed = TestClient(create_app(dataclasses.replace(services, settings=anywhere)))
    assert exposed.post("/v1/jobs", headers=headers).status_code == 403


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_our_own_pages_and_no_page_may_post(client: TestClient, site: str) -> None:
    path = f"/v1/jobs/job_{'a' * 22}/cancel"
    assert client.post(path, headers={"Sec-Fetch-Site": site}).status_code == 404
    assert client.post(path).status_code == 404
