import base64
import json

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.database import Database
from app.pages import Page, after, cut, decode_number, encode
from app.problems import Invalid
from app.tables import Job
from tests.app.samples import new_job

_ID = "job_" + "a" * 22
STRANGE = [
    "",
    "ä",
    "!!!!",
    "AAAA",
    "W",
    base64.urlsafe_b64encode(b"[" * 5000).decode(),
    encode([]),
    encode(["not a time", _ID]),
    encode(["2026-01-01T00:00:00+00:00", "nul\x00"]),
    encode(["2026-01-01T00:00:00+00:00", "\ud800"]),
    encode(["2026-01-01T00:00:00+00:00", "job_1"]),
    encode(["2026-01-01T00:00:00", _ID]),
    *(
        encode([time, f"{kind}_{'a' * 22}"])
        for kind in ("job", "dst", "emb")
        for time in ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59")
    ),
    encode([None]),
    encode([True]),
    encode([2**70]),
    base64.urlsafe_b64encode(json.dumps({"a": 1}).encode()).decode(),
]


def test_one_more_than_asked_for_means_a_next_page() -> None:
    assert cut([1, 2], 2, lambda n: [n]) == Page((1, 2), None)
    page = cut([1, 2, 3], 2, lambda n: [n])
    assert page.items == (1, 2)
    assert page.next is not None
    assert decode_number(page.next) == 2
    assert page.map(str) == Page(("1", "2"), page.next)


@pytest.mark.parametrize("cursor", STRANGE)
def test_strange_cursors_are_refused(cursor: str) -> None:
    with pytest.raises(Invalid) as caught:
        decode_number(cursor)
    assert caught.value.errors[0].pointer == "#/cursor"
    with pytest.raises(Invalid):
        after(select(Job), cursor, "job", Job.created_at, Job.id)


def test_strange_cursors_are_a_problem_of_the_request(
    client: TestClient, database: Database
) -> None:
    lists = ["/v1/jobs", "/v1/datasets", "/v1/embeddings", f"/v1/jobs/{new_job(database)}/trials"]
    for path in lists:
        for cursor in (one for one in STRANGE if len(one) <= 500):
            answer = client.get(path, params={"cursor": cursor})
            assert answer.status_code == 422, (path, cursor)
            assert answer.json()["errors"][0]["pointer"] == "#/cursor"


def test_a_cursor_is_of_one_list(client: TestClient, database: Database) -> None:
    new_job(database)
    new_job(database)
    cursor = client.get("/v1/jobs", params={"limit": 1}).json()["next"]
    assert client.get("/v1/jobs", params={"cursor": cursor}).status_code == 200
    assert client.get("/v1/datasets", params={"cursor": cursor}).status_code == 422
