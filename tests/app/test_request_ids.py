import logging

import pytest
from fastapi.testclient import TestClient

from app.api import create_app
from app.log_context import log_fields
from app.services import Services
from tests.app.conftest import URL_OF_API
from tests.app.samples import REQUEST


def test_each_request_has_an_id_of_its_own(client: TestClient) -> None:
    names = {client.get("/healthz").headers["x-request-id"] for _ in range(5)}
    assert len(names) == 5
    assert all(name.startswith("req_") for name in names)


def test_a_sane_one_of_the_client_is_kept(client: TestClient) -> None:
    for name in ("a", "3f0c-77/9:x@y+z=", "x" * 100):
        assert (
            client.get("/healthz", headers={"X-Request-Id": name}).headers["x-request-id"] == name
        )


@pytest.mark.parametrize(
    "name", [b"", b" ", b"a b", "ä".encode(), b"x" * 101, b'"', b"a\tb", b"{}"]
)
def test_any_other_is_replaced(client: TestClient, name: bytes) -> None:
    answer = client.get("/healthz", headers=[(b"X-Request-Id", name)])
    assert answer.headers["x-request-id"].startswith("req_")


def test_problems_have_it_too(client: TestClient) -> None:
    sent = {"X-Request-Id": "mine"}
    for answer in (
        client.get("/v1/jobs/nothing", headers=sent),
        client.get("/v1/jobs?limit=0", headers=sent),
        client.get("/v1/jobs", headers={**sent, "Host": "strange.example"}),
    ):
        assert answer.status_code >= 400
        assert answer.json()["request_id"] == answer.headers["x-request-id"] == "mine"


def test_an_unexpected_error_has_it_where_no_middleware_is_left(services: Services) -> None:
    app = create_app(services)

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError

    client = TestClient(app, base_url=URL_OF_API, raise_server_exceptions=False)
    answer = client.get("/broken", headers={"X-Request-Id": "mine"})
    assert (answer.status_code, answer.headers["x-request-id"]) == (500, "mine")
    assert answer.json()["request_id"] == "mine"


def test_what_is_logged_meanwhile_is_about_it(services: Services) -> None:
    app, seen = create_app(services), []

    @app.get("/look")
    def look() -> None:
        seen.append(dict(log_fields()))
        logging.getLogger("app").info("looked")

    TestClient(app, base_url=URL_OF_API).get("/look", headers={"X-Request-Id": "mine"})
    assert seen == [{"request_id": "mine"}]


def test_an_answer_that_is_replayed_has_the_id_of_its_own_request(client: TestClient) -> None:
    key = {"Idempotency-Key": "once"}
    answers = [
        client.post("/v1/jobs", json=REQUEST, headers={**key, "X-Request-Id": name})
        for name in ("first", "second")
    ]
    assert [one.headers["x-request-id"] for one in answers] == ["first", "second"]
    assert answers[0].json() == answers[1].json()
