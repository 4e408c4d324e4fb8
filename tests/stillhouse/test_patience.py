from __future__ import annotations

import httpx
import pytest

from stillhouse.patience import again_after_s


def answered(
    status: int,
    after: str | None,
    method: str = "GET",
    path: str = "/v1/jobs",
    key: str | None = None,
) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    request = httpx.Request(method, f"http://fake{path}", headers=headers)
    told = {} if after is None else {"Retry-After": after}
    return httpx.Response(status, headers=told, request=request)


@pytest.mark.parametrize(
    "answer",
    [
        answered(429, "5"),
        answered(503, "5"),
        answered(429, "5", "POST"),
        answered(429, "5", "DELETE"),
        answered(503, "5", "POST", key="k"),
    ],
)
def test_it_is_sent_again_when_the_server_says(answer: httpx.Response) -> None:
    assert again_after_s(answer, 60.0) == 5.0


@pytest.mark.parametrize(
    "answer",
    [
        answered(503, "5", "POST"),
        answered(503, "5", "DELETE"),
        answered(429, "5", path="/v1/jobs/job_1?wait=25"),
        answered(202, "2", "POST", key="k"),
        answered(409, "2", "POST", key="k"),
        answered(429, None),
        answered(503, "Wed, 21 Oct 2026 07:28:00 GMT"),
    ],
)
def test_other_answers_stand(answer: httpx.Response) -> None:
    assert again_after_s(answer, 60.0) is None


def test_what_takes_longer_than_is_left_is_told() -> None:
    assert again_after_s(answered(429, "60"), 60.0) == 60.0
    assert again_after_s(answered(429, "61"), 60.0) is None


def test_the_server_is_never_asked_without_a_pause() -> None:
    assert again_after_s(answered(503, "0"), 60.0) == 1.0
