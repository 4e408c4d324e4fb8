from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.errand_leases import claim_errand
from app.services import Services
from app.teachers import accept_teacher, reject_teacher
from tests.app.samples import NEVER_S, REQUEST

SUMMARY: dict[str, object] = {
    "params": 10,
    "macs": 20,
    "layers": 3,
    "classes": 10,
    "input_shape": [3, 32, 32],
    "groups": 2,
    "removals": 1,
    "frozen": {"conv": "the output's channels"},
}
PREPROCESSING = '{"scale": 255, "mean": [0.5], "std": [0.25]}'


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _upload(client: TestClient, key: str | None = None) -> dict[str, Any]:
    answer = client.post(
        "/v1/teachers",
        files={"weights": ("mine.safetensors", b"weights")},
        data={
            "network": "zoo/resnet20",
            "input_shape": "[1, 8, 8]",
            "preprocessing": PREPROCESSING,
        },
        headers={} if key is None else {"Idempotency-Key": key},
    )
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/v1/teachers/{body['id']}"
    return body


def test_an_upload_sent_twice_is_one_teacher(client: TestClient) -> None:
    first, again = _upload(client, key="mine"), _upload(client, key="mine")
    assert again == first
    assert client.get("/v1/teachers").json()["items"] == [first]
    assert _upload(client) != first


def test_an_upload_is_checked_and_ready(client: TestClient, services: Services) -> None:
    body = _upload(client)
    assert (body["name"], body["state"], body["kind"]) == ("mine", "checking", "network")
    assert (body["network"], body["input_shape"]) == ("zoo/resnet20", [1, 8, 8])
    assert body["preprocessing"] == {"scale": 255.0, "mean": [0.5], "std": [0.25]}
    assert (body["summary"], body["error"], body["checked_at"]) == (None, None, None)
    (file,) = body["files"]
    assert (file["name"], file["bytes"]) == ("weights", 7)
    path = f"/v1/teachers/{body['id']}"
    first = client.get(path)
    assert first.json() == body
    assert client.get("/v1/teachers").json() == {"items": [body], "next": None}
    assert _files(services.uploads) == []
    unchanged = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert unchanged.status_code == 304

    lease = claim_errand(services.database, "a", NEVER_S)
    assert lease is not None
    accept_teacher(services.database, lease, SUMMARY, "a", "w")
    ready = client.get(path).json()
    assert (ready["state"], ready["summary"]) == ("ready", SUMMARY)
    assert ready["checked_at"] is not None
    (listed,) = client.get("/v1/teachers").json()["items"]
    brief = {name: value for name, value in SUMMARY.items() if name != "frozen"}
    assert listed == ready | {"summary": brief}
    request = REQUEST | {"teacher": {"id": body["id"]}}
    assert client.post("/v1/jobs", json=request).status_code == 202


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/estimates"])
def test_a_teacher_that_is_not_ready_is_not_taken(
    client: TestClient, services: Services, path: str
) -> None:
    request = REQUEST | {"teacher": {"id": _upload(client)["id"]}}
    waiting = client.post(path, json=request)
    assert waiting.status_code == 409
    assert "still being checked" in waiting.json()["detail"]
    lease = claim_errand(services.database, "a", NEVER_S)
    assert lease is not None
    reject_teacher(services.database, lease, {"detail": "tensor 'a' holds NaN"})
    refused = client.post(path, json=request)
    assert refused.status_code == 422
    (error,) = refused.json()["errors"]
    assert error["pointer"] == "#/teacher/id"
    assert "tensor 'a' holds NaN" in error["detail"]


def test_an_unknown_teacher_is_named(client: TestClient) -> None:
    answer = client.post("/v1/jobs", json=REQUEST | {"teacher": {"id": "tch_" + "a" * 22}})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["pointer"] == "#/teacher/id"
    assert "POST /v1/teachers" in error["detail"]
    assert client.get("/v1/teachers/tch_1").status_code == 404


def test_a_wrong_form_leaves_nothing(
    client: TestClient, services: Services, tmp_path: Path
) -> None:
    answer = client.post("/v1/teachers", files={"weights": ("x", b"weights")})
    assert answer.status_code == 422
    assert "`onnx` alone" in answer.json()["detail"]
    assert client.get("/v1/teachers").json()["items"] == []
    assert _files(services.uploads) == _files(tmp_path / "artifacts") == []


def test_an_upload_over_the_limit_is_refused(client: TestClient, services: Services) -> None:
    large = b"0" * services.settings.max_teacher_bytes
    answer = client.post("/v1/teachers", files={"onnx": ("x.onnx", large)})
    assert answer.status_code == 413
    assert answer.json()["errors"][0]["pointer"] == "#/architecture"
    assert _files(services.uploads) == []


def test_a_teacher_is_deleted(client: TestClient, services: Services) -> None:
    path = f"/v1/teachers/{_upload(client)['id']}"
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == client.delete(path).status_code == 404
    assert list(services.artifacts.files()) == []
