from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from stillhouse.errors import NotAnswered, Refused, Unreachable, UnusableAddress, UnusableKey
from stillhouse.transport import Transport
from tests.stillhouse.fake_server import JOB_ID, FakeServer

PATH = f"/v1/jobs/{JOB_ID}"


def answering(response: httpx.Response) -> Transport:
    return Transport("http://fake", httpx.MockTransport(lambda _: response))


def test_a_problem_is_raised_as_a_refusal(fake: FakeServer) -> None:
    transport = Transport("http://fake/", fake.transport)
    with pytest.raises(Refused, match="there is no job job_x") as caught:
        transport.get("/v1/jobs/job_x")
    assert (caught.value.status, caught.value.title) == (404, "Not found")


def test_an_error_that_is_no_problem_document_keeps_its_status() -> None:
    with pytest.raises(Refused, match="HTTP 502 Bad Gateway"):
        answering(httpx.Response(502, text="<html>")).get("/")


def test_the_id_of_a_refused_request_is_known_without_a_problem_document() -> None:
    headers = {"X-Request-Id": "req_1"}
    with pytest.raises(Refused) as caught:
        answering(httpx.Response(500, text="<html>", headers=headers)).get("/")
    assert caught.value.request_id == "req_1"
    assert "request_id" not in caught.value.problem


@pytest.mark.parametrize("response", [httpx.Response(200, text="hi"), httpx.Response(200, json=[])])
def test_an_answer_that_is_no_document_is_none(response: httpx.Response) -> None:
    with pytest.raises(NotAnswered):
        answering(response).get("/")


def test_silence_from_the_start_is_told_at_once(fake: FakeServer) -> None:
    fake.silent = 1
    pauses: list[float] = []
    with pytest.raises(Unreachable, match="http://fake"):
        Transport("http://fake", fake.transport, pauses.append).get(PATH)
    assert pauses == []


def test_a_server_that_answered_before_is_given_time_to_come_back(fake: FakeServer) -> None:
    pauses: list[float] = []
    transport = Transport("http://fake", fake.transport, pauses.append)
    transport.get(PATH)
    fake.silent = 3
    assert transport.get(PATH)["id"] == JOB_ID
    assert pauses == [1.0, 2.0, 4.0]


def test_a_server_that_stays_away_is_given_up(fake: FakeServer) -> None:
    transport = Transport("http://fake", fake.transport, lambda _: None)
    transport.get(PATH)
    fake.silent = 5
    with pytest.raises(Unreachable):
        transport.get(PATH)


def test_a_request_that_changes_something_is_sent_once(fake: FakeServer) -> None:
    transport = Transport("http://fake", fake.transport, lambda _: None)
    transport.get(PATH)
    fake.silent = 1
    with pytest.raises(Unreachable):
        transport.post(f"{PATH}/cancel")


def test_lists_are_read_page_by_page(fake: FakeServer) -> None:
    transport = Transport("http://fake", fake.transport)
    assert [item["number"] for item in transport.items(f"{PATH}/trials")] == [0, 1, 2, 3, 4]
    assert len(fake.requests) == 3


@pytest.mark.parametrize(
    "url", ["nowhere", "", "127.0.0.1:8000", "localhost:8000", "http://", "ftp://a", "http://a:b"]
)
def test_an_address_that_can_be_none_is_told_before_it_is_asked(url: str) -> None:
    with pytest.raises(UnusableAddress, match=f"{url!r}.* like http://127"):
        Transport(url)


def test_readiness_is_a_yes_or_a_no(fake: FakeServer) -> None:
    fake.silent = 1
    transport = Transport("http://fake", fake.transport)
    assert [transport.ready(), transport.ready()] == [False, True]


def test_a_key_goes_with_every_request_and_nowhere_else(fake: FakeServer) -> None:
    transport = Transport("http://fake", fake.transport, key=" shk_secret\n")
    transport.get(PATH)
    transport.post(f"{PATH}/cancel")
    fake.files = {"student.pt2": b"graph"}
    with transport.stream("/v1/students/std_1/files/student.pt2") as chunks:
        list(chunks)
    assert {request.headers.get("authorization") for request in fake.requests} == {
        "Bearer shk_secret"
    }
    assert "shk_secret" not in repr(vars(transport)) + repr(vars(transport._http))


@pytest.mark.parametrize("key", [None, "", " \n"])
def test_without_a_key_nothing_is_said_of_who_asks(fake: FakeServer, key: str | None) -> None:
    Transport("http://fake", fake.transport, key=key).get(PATH)
    assert "authorization" not in fake.requests[0].headers


@pytest.mark.parametrize("key", ["shk_secret\nx: y", "shk secret", "shk_secr\u00e9t"])
def test_a_key_that_can_be_none_is_not_repeated(key: str) -> None:
    with pytest.raises(UnusableKey) as caught:
        Transport("http://fake", key=key)
    assert "shk" not in str(caught.value)


@pytest.mark.parametrize(("status", "what"), [(401, "still holds"), (403, "may do this")])
def test_a_refused_key_is_told_with_what_to_set(status: int, what: str) -> None:
    body = {"title": "No", "detail": "an API key is wanted"}
    with pytest.raises(Refused, match=rf"STILLHOUSE_KEY, or give Client\(.*{what}") as caught:
        answering(httpx.Response(status, json=body)).get("/")
    assert str(caught.value).startswith("No: an API key is wanted\n")


def test_what_is_lost_on_the_way_is_sent_again_as_the_same(fake: FakeServer) -> None:
    pauses: list[float] = []
    transport = Transport("http://fake", fake.transport, pauses.append)
    fake.lost = 2
    assert transport.post_once("/v1/jobs", {"search": {}})["id"] == JOB_ID
    keys = [request.headers["idempotency-key"] for request in fake.requests]
    assert len(keys) == 3
    assert len(set(keys)) == 1
    assert pauses == [1.0, 2.0]
    transport.post_once("/v1/jobs", {"search": {}})
    assert fake.requests[-1].headers["idempotency-key"] not in keys


def test_an_upload_that_is_lost_on_the_way_is_sent_again_whole(
    fake: FakeServer, tmp_path: Path
) -> None:
    path = tmp_path / "pets.npz"
    path.write_bytes(b"PK" * 9)
    pauses: list[float] = []
    transport = Transport("http://fake", fake.transport, pauses.append)
    fake.lost = 2
    assert transport.upload_files("/v1/datasets", {"file": path}, {"name": "pets"})["id"] == "dst_1"
    assert [request.content.count(b"PK" * 9) for request in fake.requests] == [1, 1, 1]
    assert len({request.headers["idempotency-key"] for request in fake.requests}) == 1
    assert pauses == [1.0, 2.0]
    transport.upload_files("/v1/datasets", {"file": path}, {"name": "pets"})
    assert len({request.headers["idempotency-key"] for request in fake.requests}) == 2


def test_a_server_that_was_never_there_is_not_waited_for(fake: FakeServer) -> None:
    fake.silent = 9
    pauses: list[float] = []
    transport = Transport("http://fake", fake.transport, pauses.append)
    with pytest.raises(Unreachable):
        transport.post_once("/v1/jobs", {})
    assert pauses == []


def test_the_same_request_under_way_is_waited_for() -> None:
    answers = [httpx.Response(202, json={"id": "job_1"}), _under_way()]
    pauses: list[float] = []
    network = httpx.MockTransport(lambda _: answers.pop())
    transport = Transport("http://fake", network, pauses.append)
    assert transport.post_once("/v1/jobs", {})["id"] == "job_1"
    assert pauses == [1.0]


def test_an_upload_that_is_never_answered_is_not_sent_again(tmp_path: Path) -> None:
    sent: list[httpx.Request] = []

    def swallow(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        raise httpx.ReadTimeout("", request=request)

    path = tmp_path / "pets.npz"
    path.write_bytes(b"PK")
    transport = Transport("http://fake", httpx.MockTransport(swallow), lambda _: None)
    with pytest.raises(Unreachable):
        transport.upload_files("/v1/datasets", {"file": path}, {})
    assert len(sent) == 1


def test_an_answer_that_was_lost_is_told_where_its_request_stays_under_way() -> None:
    sent: list[httpx.Request] = []

    def lose_the_first(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        if len(sent) == 1:
            raise httpx.ReadError("", request=request)
        return _under_way()

    transport = Transport("http://fake", httpx.MockTransport(lose_the_first), lambda _: None)
    with pytest.raises(Unreachable, match="ReadError"):
        transport.post_once("/v1/jobs", {})
    assert len(sent) == 5


def test_a_server_that_says_later_is_asked_again(fake: FakeServer, tmp_path: Path) -> None:
    pauses: list[float] = []
    transport = Transport("http://fake", fake.transport, pauses.append)
    fake.later = [later(429, 3), later(503, 5)]
    assert transport.get(PATH)["id"] == JOB_ID
    fake.later = [later(429, 1), later(503, 2)]
    assert transport.post_once("/v1/jobs", {"search": {}})["id"] == JOB_ID
    assert len({request.headers["idempotency-key"] for request in fake.requests[-3:]}) == 1
    path = tmp_path / "pets.npz"
    path.write_bytes(b"PK" * 9)
    fake.later = [later(429, 10)]
    transport.upload_files("/v1/datasets", {"file": path}, {"name": "pets"})
    assert [one.content.count(b"PK" * 9) for one in fake.requests[-2:]] == [1, 1]
    fake.files = {"student.pt2": b"graph"}
    fake.later = [later(503, 4)]
    with transport.stream("/v1/students/std_1/files/student.pt2") as chunks:
        assert b"".join(chunks) == b"graph"
    assert pauses == [3.0, 5.0, 1.0, 2.0, 10.0, 4.0]


def test_a_server_that_goes_on_saying_later_is_given_up_after_a_minute(fake: FakeServer) -> None:
    pauses: list[float] = []
    fake.later = [later(429, 25) for _ in range(3)]
    with pytest.raises(Refused) as caught:
        Transport("http://fake", fake.transport, pauses.append).get(PATH)
    assert caught.value.status == 429
    assert pauses == [25.0, 25.0]


def test_what_changes_something_is_not_repeated_after_a_503(fake: FakeServer) -> None:
    pauses: list[float] = []
    transport = Transport("http://fake", fake.transport, pauses.append)
    fake.later = [later(503, 1)]
    with pytest.raises(Refused):
        transport.post(f"{PATH}/cancel")
    fake.later = [later(429, 1)]
    transport.post(f"{PATH}/cancel")
    assert pauses == [1.0]


def test_readiness_and_who_has_no_patience_wait_for_nothing(fake: FakeServer) -> None:
    pauses: list[float] = []
    fake.later = [later(503, 5), later(503, 5)]
    assert not Transport("http://fake", fake.transport, pauses.append).ready()
    with pytest.raises(Refused):
        Transport("http://fake", fake.transport, pauses.append, patience_s=0.0).get(PATH)
    assert pauses == []


def later(status: int, after_s: int) -> httpx.Response:
    return httpx.Response(status, headers={"Retry-After": str(after_s)}, json={"title": "Later"})


def _under_way() -> httpx.Response:
    kind = "urn:stillhouse:problem:under-way"
    return httpx.Response(409, json={"type": kind, "title": "Under way", "status": 409})
