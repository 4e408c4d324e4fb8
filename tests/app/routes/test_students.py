import asyncio
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import pytest
from fastapi.testclient import TestClient
from starlette.requests import ClientDisconnect

from app.artifacts import Artifacts
from app.byte_range import Part
from app.database import Database
from app.records import StoredStudentFile
from app.routes.students import _FileStream
from app.services import Services
from tests.app.samples import new_student, searching_job


def _student(services: Services, database: Database, name: str, data: bytes) -> str:
    stored = services.artifacts.put_bytes(f"students/x/{name}", data)
    file = StoredStudentFile(name, stored.key, stored.bytes, stored.sha256)
    _, writer = searching_job(database)
    return writer.add_student(new_student((file,)), best=True)


def test_a_file_is_sent_whole(client: TestClient, services: Services, database: Database) -> None:
    data = bytes(range(256)) * 5000
    student_id = _student(services, database, "student.pt2", data)
    answer = client.get(f"/v1/students/{student_id}/files/student.pt2")
    assert answer.status_code == 200
    assert answer.content == data
    assert answer.headers["content-length"] == str(len(data))
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == 'attachment; filename="student.pt2"'
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_download_that_broke_off_goes_on(
    client: TestClient, services: Services, database: Database
) -> None:
    data = bytes(range(256)) * 5000
    path = f"/v1/students/{_student(services, database, 'student.pt2', data)}/files/student.pt2"
    first = client.get(path, headers={"Range": "bytes=0-299999"})
    assert (first.status_code, first.content) == (206, data[:300_000])
    assert first.headers["content-range"] == f"bytes 0-299999/{len(data)}"
    assert first.headers["content-length"] == "300000"
    assert first.headers["accept-ranges"] == "bytes"
    rest = {"Range": "bytes=300000-", "If-Range": first.headers["etag"]}
    answer = client.get(path, headers=rest)
    assert (answer.status_code, answer.content) == (206, data[300_000:])
    other = client.get(path, headers=rest | {"If-Range": '"another"'})
    assert (other.status_code, other.content) == (200, data)
    behind = client.get(path, headers={"Range": f"bytes={len(data)}-"})
    assert behind.status_code == 416
    assert behind.headers["content-range"] == f"bytes */{len(data)}"
    assert behind.json()["type"].endswith(":no-such-part")


@pytest.mark.parametrize("size", [0, 1, 1000])
def test_a_small_file_is_sent_whole_and_closed(
    client: TestClient,
    services: Services,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    size: int,
) -> None:
    opened = []
    opening = services.artifacts.open

    def noted(key: str) -> BinaryIO:
        opened.append(opening(key))
        return opened[-1]

    monkeypatch.setattr(Artifacts, "open", lambda _, key: noted(key))
    path = f"/v1/students/{_student(services, database, 'a.pt2', b'x' * size)}/files/a.pt2"
    answer = client.get(path)
    assert (answer.status_code, answer.content) == (200, b"x" * size)
    assert answer.headers["content-length"] == str(size)
    assert [file.closed for file in opened] == [True]


def test_json_is_sent_as_such(client: TestClient, services: Services, database: Database) -> None:
    student_id = _student(services, database, "report.json", b'{"a": 1}')
    answer = client.get(f"/v1/students/{student_id}/files/report.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"a": 1}


def test_a_page_is_shown_but_can_do_nothing(
    client: TestClient, services: Services, database: Database
) -> None:
    student_id = _student(services, database, "report.html", b"<script>alert(1)</script>")
    answer = client.get(f"/v1/students/{student_id}/files/report.html")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-disposition"] == 'inline; filename="report.html"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    parts = [part.split() for part in answer.headers["content-security-policy"].split("; ")]
    policy = {name: allowed for name, *allowed in parts}
    assert policy["default-src"] == ["'none'"]
    assert policy["sandbox"] == []  # without allow-scripts nothing runs
    assert "script-src" not in policy
    assert policy["style-src"] == ["'unsafe-inline'"]


def test_other_files_are_saved_and_not_shown(
    client: TestClient, services: Services, database: Database
) -> None:
    student_id = _student(services, database, "report.json", b"{}")
    answer = client.get(f"/v1/students/{student_id}/files/report.json")
    assert answer.headers["content-disposition"] == 'attachment; filename="report.json"'
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; ")


def test_no_such_file(client: TestClient, services: Services, database: Database) -> None:
    student_id = _student(services, database, "report.json", b"{}")
    answer = client.get(f"/v1/students/{student_id}/files/student.onnx")
    assert answer.status_code == 404
    assert "report.json" in answer.json()["detail"]
    path = f"/v1/students/{student_id}/files/..%2f..%2fstillhouse.db"
    assert client.get(path).status_code == 404
    assert client.get(f"/v1/students/std_{'a' * 22}/files/report.json").status_code == 404


def test_a_file_that_the_asker_has_is_not_sent_again(
    client: TestClient, services: Services, database: Database
) -> None:
    path = f"/v1/students/{_student(services, database, 'report.json', b'{}')}/files/report.json"
    tag = client.get(path).headers["etag"]
    again = client.get(path, headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_file_that_is_gone_is_named(
    client: TestClient, services: Services, database: Database
) -> None:
    student_id = _student(services, database, "report.json", b"{}")
    services.artifacts.delete("students/x/report.json")
    answer = client.get(f"/v1/students/{student_id}/files/report.json")
    assert answer.status_code == 410
    assert answer.json()["type"] == "urn:stillhouse:problem:gone"
    assert f"report.json of {student_id}" in answer.json()["detail"]


async def _leave_at_once() -> dict[str, str]:
    return {"type": "http.disconnect"}


async def _take_nothing(_: object) -> None:
    raise OSError


@pytest.mark.parametrize("version", ["2.3", "2.4"])
def test_a_file_is_closed_when_who_asked_for_it_has_left(tmp_path: Path, version: str) -> None:
    path = tmp_path / "student.pt2"
    path.write_bytes(b"0123456789")
    file = path.open("rb")
    answer = _FileStream(file, Part(0, 9), 200, {}, "application/octet-stream")
    scope = {"type": "http", "asgi": {"spec_version": version}}
    with suppress(ClientDisconnect, OSError, ExceptionGroup):
        asyncio.run(answer(scope, _leave_at_once, _take_nothing))
    assert file.closed
