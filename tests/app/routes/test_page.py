import gzip
import re

import pytest
from fastapi.testclient import TestClient

from app.page_files import CHARTS, page_names


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url  # nothing here is in a database


def test_the_page_is_at_the_root(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>Stillhouse</title>" in answer.text


def test_nothing_within_the_page_is_run(client: TestClient) -> None:
    answer = client.get("/")
    policy = dict(
        part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on\w+=", answer.text)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_every_file_is_sent_as_what_it_is(client: TestClient) -> None:
    kinds = {
        "css": "text/css; charset=utf-8",
        "html": "text/html; charset=utf-8",
        "js": "text/javascript; charset=utf-8",
        "json": "application/json",
        "svg": "image/svg+xml",
    }
    sent = {name: client.get(f"/page/{name}") for name in page_names()}
    assert {name: answer.headers["content-type"] for name, answer in sent.items()} == {
        name: kinds[name.rpartition(".")[2]] for name in sent
    }


def test_a_file_is_sent_again_only_where_it_changed(client: TestClient) -> None:
    zipped = client.get("/page/main.js", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/page/main.js", headers={"Accept-Encoding": "identity"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert zipped.content == plain.content  # the client has unpacked it
    assert zipped.headers["etag"] != plain.headers["etag"]
    assert "Accept-Encoding" in plain.headers["vary"]
    assert plain.headers["cache-control"] == "no-cache"
    known = {"If-None-Match": plain.headers["etag"], "Accept-Encoding": "identity"}
    again = client.get("/page/main.js", headers=known)
    assert (again.status_code, again.content) == (304, b"")


def test_the_charts_are_sent_compressed(client: TestClient) -> None:
    with client.stream("GET", f"/page/{CHARTS}", headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert len(raw) < 2_000_000
    assert gzip.decompress(raw).startswith(b"/**\n* plotly.js")


@pytest.mark.parametrize("name", ["nothing.js", "..%2fapi.py", "index.html%00"])
def test_no_other_file_is_sent(client: TestClient, name: str) -> None:
    answer = client.get(f"/page/{name}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_page_is_no_part_of_the_described_api(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    ours = ("/v1/", "/healthz", "/readyz", "/metrics")
    assert not [path for path in paths if not path.startswith(ours)]
