import pytest
from fastapi.testclient import TestClient

from app.json_body import parse
from app.problems import Invalid
from app.requests import JobRequest
from tests.app.samples import REQUEST


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[1]",
        b'"text"',
        b'{"a": 1,}',
        b"\xff\xfe{}",
        b'{"name": "\xff"}',
        b'{"name": "\\ud800"}',
        b'{"name": "\x00"}',
        b"[" * 100_000,
        b"1" * 10_000,
        b'{"search": {"seed": ' + b"9" * 5000 + b"}}",
        b'{"search": {"seed": 1e400}}',
        b'{"constraints": {"params_ratio": NaN}}',
        b'{"constraints": {"params_ratio": -Infinity}}',
    ],
)
def test_whatever_is_no_request_is_refused_with_words(body: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        parse(JobRequest, body)
    assert caught.value.errors
    assert all(error.pointer.startswith("#") and error.detail for error in caught.value.errors)


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data; boundary=x", None])
def test_another_content_type_is_refused(client: TestClient, content_type: str | None) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    answer = client.post("/v1/jobs", content=b"{}", headers=headers)
    assert answer.status_code == 415
    assert "application/json" in answer.json()["detail"]


def test_a_charset_beside_the_content_type_is_fine(client: TestClient) -> None:
    headers = {"content-type": "Application/JSON; charset=utf-8"}
    assert client.post("/v1/jobs", content=b"{}", headers=headers).status_code == 422


def test_the_limit_holds_with_and_without_a_length(client: TestClient) -> None:
    headers = {"content-type": "application/json"}
    too_large = b" " * 4097
    answer = client.post("/v1/jobs", content=too_large, headers=headers)
    assert answer.status_code == 413
    assert "4096 bytes" in answer.json()["detail"]
    chunked = client.post("/v1/jobs", content=iter([b" " * 2000] * 3), headers=headers)
    assert chunked.status_code == 413


def test_the_largest_body_is_taken(client: TestClient) -> None:
    body = JobRequest.model_validate(REQUEST).model_dump_json().encode().ljust(4096)
    headers = {"content-type": "application/json"}
    assert client.post("/v1/jobs", content=body, headers=headers).status_code == 202
