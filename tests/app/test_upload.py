import pytest
from fastapi.testclient import TestClient

from tests.app.samples_npz import npz

FORM = {"content-type": "multipart/form-data; boundary=b"}


def _part(name: str, data: bytes, filename: str | None = None) -> bytes:
    shown = "" if filename is None else f'; filename="{filename}"'
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"{shown}\r\n\r\n'
    return head.encode() + data + b"\r\n"


def _post(client: TestClient, body: bytes) -> tuple[int, dict[str, object]]:
    answer = client.post("/v1/datasets", content=body, headers=FORM)
    return answer.status_code, answer.json()


def test_parts_come_in_any_order_and_pieces(client: TestClient) -> None:
    body = _part("name", b"mine") + _part("file", npz(), "x.npz") + b"--b--\r\n"
    pieces = (body[start : start + 7] for start in range(0, len(body), 7))
    answer = client.post("/v1/datasets", content=pieces, headers=FORM)
    assert answer.status_code == 201, answer.text
    assert answer.json()["name"] == "mine"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (_part("name", b"mine") + b"--b--\r\n", "#/file"),
        (b"--b--\r\n", "#/file"),
        (_part("file", b"1", "a") + _part("file", b"2", "b") + b"--b--\r\n", "#/file"),
        (_part("name", b"a") + _part("name", b"b") + b"--b--\r\n", "#/name"),
        (_part("colour", b"red") + b"--b--\r\n", "#/colour"),
        (_part("", b"red") + b"--b--\r\n", "#/"),
        (_part("name", b"x" * 1001) + b"--b--\r\n", "#/name"),
    ],
)
def test_the_form_must_hold_one_file_and_known_fields(
    client: TestClient, body: bytes, pointer: str
) -> None:
    status, problem = _post(client, body)
    assert status == 422
    errors = problem["errors"]
    assert isinstance(errors, list)
    assert [error["pointer"] for error in errors] == [pointer]


def test_files_come_beside_each_other_in_pieces(client: TestClient) -> None:
    body = _part("weights", b"w" * 100, "w") + _part("name", b"mine") + _part("architecture", b"{}")
    body += b"--b--\r\n"
    pieces = (body[start : start + 7] for start in range(0, len(body), 7))
    answer = client.post("/v1/teachers", content=pieces, headers=FORM)
    assert answer.status_code == 201, answer.text
    assert answer.json()["name"] == "mine"
    sizes = {file["name"]: file["bytes"] for file in answer.json()["files"]}
    assert sizes == {"architecture": 2, "weights": 100}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no form at all",
        _part("file", npz(), "x.npz"),
        _part("file", npz(), "x.npz")[:-300],
        b"--b\r\n" + b"X: " + b"y" * 9000 + b"\r\n\r\n1\r\n--b--\r\n",
        b"--b\r\n" + b"X: y\r\n" * 50 + b"\r\n1\r\n--b--\r\n",
        b"--c\r\n\r\n--c--",
    ],
)
def test_a_broken_form_is_refused(client: TestClient, body: bytes) -> None:
    status, problem = _post(client, body)
    assert status == 422
    assert problem["detail"] == "the body is no whole multipart/form-data"


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "multipart/form-data", "multipart/form-data; x=y", ""],
)
def test_another_content_type_is_refused(client: TestClient, content_type: str) -> None:
    headers = {"content-type": content_type}
    answer = client.post("/v1/datasets", content=b"{}", headers=headers)
    assert answer.status_code == 415
    assert "multipart/form-data" in answer.json()["detail"]


def test_a_boundary_that_is_too_long_is_refused(client: TestClient) -> None:
    headers = {"content-type": f"multipart/form-data; boundary={'b' * 300}"}
    assert client.post("/v1/datasets", content=b"x", headers=headers).status_code == 422


def test_the_limit_holds_with_and_without_a_length(client: TestClient) -> None:
    body = _part("file", b"x" * 2**20, "x.npz")
    assert _post(client, body)[0] == 413
    pieces = (body[start : start + 2**16] for start in range(0, len(body), 2**16))
    assert client.post("/v1/datasets", content=pieces, headers=FORM).status_code == 413
