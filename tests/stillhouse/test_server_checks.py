from __future__ import annotations

from importlib.metadata import version
from typing import Any

import httpx
import pytest

from stillhouse import Client
from stillhouse.doctor import Finding
from stillhouse.server_checks import look_at_server

GOOD: dict[str, Any] = {
    "version": version("stillhouse"),
    "key": {"name": "ada", "scopes": ["read", "submit"]},
    "coordinators": {"working": 0, "waiting": 0, "oldest_waiting_s": None},
}


def looked_at(answer: httpx.Response, *, ready: bool = True) -> dict[str, Finding]:
    def server(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/readyz":
            return httpx.Response(200 if ready else 503)
        return answer

    with Client("http://fake", transport=httpx.MockTransport(server)) as client:
        return {one.check: one for one in look_at_server(client, is_expected=True)}


def test_a_good_server() -> None:
    found = looked_at(httpx.Response(200, json=GOOD))
    assert {one.state for one in found.values()} == {"ok"}
    assert list(found) == ["address", "version", "API key", "coordinator"]


@pytest.mark.parametrize(
    ("changes", "check", "state"),
    [
        ({"version": "9"}, "version", "warning"),
        ({"key": {"name": "ada", "scopes": ["read"]}}, "API key", "warning"),
        ({"coordinators": {"working": 0, "waiting": 2, "oldest_waiting_s": 900.0}},
         "coordinator", "wrong"),
        ({"coordinators": {"working": 0, "waiting": 2, "oldest_waiting_s": 9.0}},
         "coordinator", "ok"),
        ({"coordinators": {"working": 1, "waiting": 2, "oldest_waiting_s": 900.0}},
         "coordinator", "ok"),
        ({"coordinators": {"busy": True, "working": 0, "waiting": 2, "oldest_waiting_s": 900.0}},
         "coordinator", "ok"),
    ],
)  # fmt: skip
def test_what_it_tells_of_itself(changes: dict[str, Any], check: str, state: str) -> None:
    assert looked_at(httpx.Response(200, json=GOOD | changes))[check].state == state


def test_one_that_cannot_work_is_told() -> None:
    found = looked_at(httpx.Response(200, json=GOOD), ready=False)
    assert found["readiness"].state == "wrong"


@pytest.mark.parametrize(
    ("answer", "check", "state"),
    [
        (httpx.Response(401, json={"title": "Who asks?"}), "API key", "wrong"),
        (httpx.Response(404, json={"title": "Not found"}), "version", "warning"),
        (httpx.Response(200, text="<html>"), "address", "wrong"),
    ],
)
def test_one_that_does_not_tell(answer: httpx.Response, check: str, state: str) -> None:
    found = looked_at(answer)
    assert list(found) == [check]
    assert found[check].state == state


@pytest.mark.parametrize(("is_expected", "state"), [(True, "wrong"), (False, "warning")])
def test_one_that_is_not_there(is_expected: bool, state: str) -> None:
    with Client("http://127.0.0.1:9") as client:
        (found,) = look_at_server(client, is_expected=is_expected)
    assert (found.check, found.state) == ("address", state)
