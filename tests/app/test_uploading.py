import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from starlette.requests import Request

from app.api import create_app
from app.problems import StorageFull, TooMany
from app.services import Services
from app.uploading import admitted_upload
from app.visitor import ANYBODY, Visitor
from tests.app.conftest import URL_OF_API
from tests.app.samples_npz import npz
from tests.app.test_door import new_key


def _request(length: int, visitor: Visitor = ANYBODY) -> Request:
    headers = [(b"content-length", str(length).encode())]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    return Request(scope | {"state": {"visitor": visitor}})


def _limited(services: Services, most: int) -> Services:
    return replace(services, settings=replace(services.settings, max_uploads=most))


def test_no_more_uploads_are_under_way_than_may(services: Services) -> None:
    asyncio.run(_three_of_two(_limited(services, 2)))


async def _three_of_two(few: Services) -> None:
    async with admitted_upload(few, _request(1)), admitted_upload(few, _request(1)):
        with pytest.raises(TooMany, match="2 uploads"):
            async with admitted_upload(few, _request(1)):
                pass
    async with admitted_upload(few, _request(1)) as upload:
        upload.new_file().write(b"x")


def test_a_key_leaves_others_places_to_upload(services: Services) -> None:
    asyncio.run(_half_of_four(_limited(services, 4)))


async def _half_of_four(few: Services) -> None:
    ada, bob = (Visitor(f"key_{n}", n, frozenset({"submit"})) for n in "ab")
    async with admitted_upload(few, _request(1, ada)), admitted_upload(few, _request(1, ada)):
        with pytest.raises(TooMany, match="2 uploads come in for your key"):
            async with admitted_upload(few, _request(1, ada)):
                pass
        async with admitted_upload(few, _request(1, bob)):
            pass


def test_what_announces_more_than_fits_is_refused_and_gives_its_place_back(
    services: Services,
) -> None:
    asyncio.run(_too_large_twice(_limited(services, 1)))


async def _too_large_twice(one: Services) -> None:
    for _ in range(2):
        with pytest.raises(StorageFull):
            async with admitted_upload(one, _request(2**60)):
                pass


def test_a_keys_quota_is_looked_at_before_its_body_is_read(services: Services) -> None:
    settings = replace(services.settings, max_uploaded_bytes_per_key=100)
    visitor = Visitor("key_a", "ada", frozenset({"submit"}))
    few = replace(services, settings=settings).seen_by(visitor)
    asyncio.run(_up_to_100_bytes(few))


async def _up_to_100_bytes(few: Services) -> None:
    async with admitted_upload(few, _request(100)):
        pass
    with pytest.raises(StorageFull, match="your key's uploads"):
        async with admitted_upload(few, _request(101)):
            pass


BODY = b'--b\r\nContent-Disposition: form-data; name="%s"; filename="x"\r\n\r\n%s\r\n--b--\r\n'
FORM = {"content-type": "multipart/form-data; boundary=b"}
UPLOADS = [("/v1/datasets", b"file", npz()), ("/v1/teachers", b"onnx", b"x" * 1000)]


def _api(services: Services, **changes: int) -> TestClient:
    settings = replace(services.settings, **changes)  # type: ignore[arg-type]  # all are numbers
    return TestClient(create_app(replace(services, settings=settings)), base_url=URL_OF_API)


def _unannounced(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 100):
        yield body[start : start + 100]


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("is_announced", [True, False])
@pytest.mark.parametrize(("path", "field", "data"), UPLOADS)
@pytest.mark.parametrize("limit", ["max_uploaded_bytes_per_key", "max_artifacts_bytes"])
def test_what_is_over_a_quota_is_refused_however_it_is_sent(
    services: Services,
    tmp_path: Path,
    path: str,
    field: bytes,
    data: bytes,
    limit: str,
    is_announced: bool,
) -> None:
    client = _api(services, **{limit: len(data) // 2})
    body = BODY % (field, data)
    content = body if is_announced else _unannounced(body)
    key = new_key(services.database, "submit", "read")
    answer = client.post(path, content=content, headers=FORM | key)
    assert (answer.status_code, answer.json()["type"]) == (
        507,
        "urn:stillhouse:problem:storage-full",
    )
    assert client.get(path, headers=key).json()["items"] == []
    assert _files(services.uploads) == _files(tmp_path / "artifacts") == []


def test_what_is_not_announced_is_refused_once_the_disk_is_full(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [100, 100, 100, 5]  # bytes left as parts come: 5 are too few for the second one

    def usage(_: Path) -> shutil._ntuple_diskusage:
        return shutil._ntuple_diskusage(100, 0, free.pop(0))

    monkeypatch.setattr("app.storage.shutil.disk_usage", usage)
    client = _api(services, min_free_bytes=10)
    answer = client.post(
        "/v1/datasets", content=_unannounced(BODY % (b"file", npz())), headers=FORM
    )
    assert (answer.status_code, free) == (507, [])
    assert _files(services.uploads) == []


@pytest.mark.parametrize(("path", "field", "data"), UPLOADS)
@pytest.mark.parametrize("limit", ["max_uploaded_bytes_per_key", "max_artifacts_bytes"])
def test_an_upload_sent_again_needs_no_room_to_stay(
    services: Services, path: str, field: bytes, data: bytes, limit: str
) -> None:
    body = BODY % (field, data)
    key = new_key(services.database, "submit")
    headers = FORM | key | {"Idempotency-Key": "mine"}
    first = _api(services).post(path, content=body, headers=headers)
    full = _api(services, **{limit: 1})
    again = full.post(path, content=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201), again.text
    assert again.headers["idempotent-replayed"] == "true"
    assert again.content == first.content
    other = full.post(path, content=body, headers=headers | {"Idempotency-Key": "other"})
    assert other.status_code == 507
