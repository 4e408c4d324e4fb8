import pytest
from fastapi.testclient import TestClient

from tests.app.samples import REQUEST


@pytest.mark.parametrize(
    ("method", "path", "pointer", "there_are"),
    [
        ("GET", "/v1/jobs?frist=1", "#/frist", "cursor, limit"),
        ("GET", "/v1/jobs?limit=2&Limit=3", "#/Limit", "cursor, limit"),
        ("GET", "/v1/server?a/b=1", "#/a~1b", "none"),
        ("POST", "/v1/jobs?name=x", "#/name", "none"),
        ("DELETE", "/v1/datasets/dst_x?force=yes", "#/force", "none"),
    ],
)
def test_an_unknown_parameter_is_named(
    client: TestClient, method: str, path: str, pointer: str, there_are: str
) -> None:
    answer = client.request(method, path, json=REQUEST if method == "POST" else None)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert error["detail"].endswith(f"there are: {there_are}")


def test_what_was_refused_for_its_query_did_nothing(client: TestClient) -> None:
    assert client.post("/v1/jobs?x=1", json=REQUEST).status_code == 422
    assert client.get("/v1/jobs").json()["items"] == []


def test_of_very_many_unknown_parameters_some_are_told(client: TestClient) -> None:
    query = "&".join(f"a{number}=1" for number in range(1000))
    assert len(client.get(f"/v1/jobs?{query}").json()["errors"]) == 20


def test_every_parameter_that_is_described_is_known(client: TestClient) -> None:
    for path, operations in client.get("/openapi.json").json()["paths"].items():
        for one in operations.get("get", {}).get("parameters", ()):
            if one["in"] == "query":
                answer = client.get(path, params={one["name"]: "wrong"})
                told = str(answer.json().get("errors"))
                assert "there is no such parameter" not in told, (path, one["name"])


def test_who_asks_for_health_may_add_what_they_like(client: TestClient) -> None:
    assert client.get("/healthz?probe=1").status_code == 200
