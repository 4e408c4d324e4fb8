import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace

import anyio
import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message

from app.api import create_app
from app.api_keys import create_key, revoke_key
from app.database import Database
from app.door import Door, is_open
from app.doorman import Doorman
from app.jobs import list_overviews
from app.rates import Rates
from app.services import Services
from app.visitor import Scope
from tests.app.conftest import URL_OF_API
from tests.app.samples import REQUEST


def new_key(database: Database, *scopes: Scope, name: str = "ada") -> dict[str, str]:
    """Returns the header of a new key."""
    with database.write() as session:
        return {"Authorization": f"Bearer {create_key(session, name, scopes, None)}"}


@pytest.fixture
def exposed(services: Services) -> Iterator[TestClient]:
    """Yields an API that other machines reach."""
    settings = replace(services.settings, host="0.0.0.0")
    app = create_app(replace(services, settings=settings))
    with TestClient(app, base_url=URL_OF_API, raise_server_exceptions=False) as client:
        yield client


def test_without_a_key_nothing_is_told_of_what_is_here(exposed: TestClient) -> None:
    assert exposed.get("/healthz").status_code == 200
    assert exposed.get("/readyz").status_code == 200
    assert exposed.get("/docs").status_code == exposed.get("/openapi.json").status_code == 200
    for path in ("/v1/jobs", "/docs/", "/nothing", "/healthz/", "/metrics"):
        answer = exposed.get(path)
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:stillhouse:problem:no-key"


@pytest.mark.parametrize("sent", ["Bearer", "Bearer ", "Basic YTpi", "sth_a"])
def test_what_brings_no_key_is_told_to(exposed: TestClient, sent: str) -> None:
    answer = exposed.get("/v1/jobs", headers={"Authorization": sent})
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:stillhouse:problem:no-key")


def test_a_wrong_key_is_refused_and_not_repeated(exposed: TestClient) -> None:
    answer = exposed.get("/v1/jobs", headers={"Authorization": "Bearer sth_" + "a" * 43})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert "a" * 8 not in answer.text


@pytest.mark.parametrize(
    ("scopes", "reads", "submits"),
    [(("read",), 200, 403), (("submit",), 403, 202), (("admin",), 200, 202)],
)
def test_a_scope_opens_what_it_is_for(
    exposed: TestClient, database: Database, scopes: tuple[Scope, ...], reads: int, submits: int
) -> None:
    key = new_key(database, *scopes)
    found = (
        exposed.get("/v1/jobs", headers=key),
        exposed.post("/v1/jobs", json=REQUEST, headers=key),
    )
    assert [answer.status_code for answer in found] == [reads, submits]
    for answer in found:
        if answer.status_code == 403:
            assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope"'
            assert "needs the scope" in answer.json()["detail"]


def test_the_first_key_closes_a_server_of_this_machine(
    services: Services, database: Database
) -> None:
    app = create_app(services)
    client = TestClient(app, base_url=URL_OF_API)
    assert client.get("/v1/jobs").status_code == 200
    key = new_key(database, "read")
    later = TestClient(create_app(services), base_url=URL_OF_API)
    assert later.get("/v1/jobs").status_code == 401
    assert later.get("/v1/jobs", headers=key).status_code == 200


def test_a_database_that_is_away_is_told(exposed: TestClient) -> None:
    class Away:
        def read(self) -> None:
            raise OperationalError("SELECT", {}, Exception("away"))

    doorman = Doorman(Away(), is_open=False)  # type: ignore[arg-type]  # all that it asks of it
    door = Door(exposed.app, doorman, Rates(0))
    answer = TestClient(door).get("/v1/jobs", headers={"Authorization": "Bearer sth_" + "a" * 43})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_an_answer_under_way_ends_when_its_key_is_revoked(database: Database) -> None:
    key = new_key(database, "read")
    now = [0.0]
    sent: list[int] = []

    def parts() -> Iterator[bytes]:
        for number in range(6):
            if number == 3:
                with database.write() as session:
                    revoke_key(session, "ada")
            now[0] += 0.3
            sent.append(number)
            yield b"%d" % number

    async def stream(_: Request) -> StreamingResponse:
        return StreamingResponse(parts())

    doorman = Doorman(database, is_open=False, clock=lambda: now[0])
    inner = Starlette(routes=[Route("/v1/s", stream)])
    app = Door(inner, doorman, Rates(0), clock=lambda: now[0])

    async def fetch() -> bytes:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return (await client.get("/v1/s", headers=key)).content

    with pytest.raises(AssertionError):  # of httpx: the answer was never completed
        anyio.run(fetch)
    assert max(sent) < 5


class Arriving:
    """A request whose body comes in parts, with something done before the last one."""

    def __init__(
        self, clock: list[float], *, pause_s: float, before_last: Callable[[], None]
    ) -> None:
        self._clock = clock
        self._pause_s = pause_s
        self._before_last = before_last
        self._parts = [json.dumps(REQUEST).encode()[:20], json.dumps(REQUEST).encode()[20:]]

    async def post(self, app: ASGIApp, path: str, key: dict[str, str]) -> tuple[int, bytes]:
        """Returns the status and the body of the answer."""
        headers = {"host": "127.0.0.1", "content-type": "application/json"} | key
        scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "query_string": b"",
            "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
        }
        answer: list[Message] = []

        async def send(message: Message) -> None:
            answer.append(message)

        await app(scope, self._receive, send)
        return answer[0]["status"], b"".join(one.get("body", b"") for one in answer)

    async def _receive(self) -> Message:
        if len(self._parts) == 1:
            self._clock[0] += self._pause_s
            self._before_last()
        part = self._parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(self._parts)}


class Asked:
    """A database that counts how often it is read, and may be away."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.times = 0
        self.is_away = False

    def read(self) -> AbstractContextManager[Session]:
        self.times += 1
        if self.is_away:
            raise OperationalError("SELECT", {}, Exception("away"))
        return self._database.read()

    def write(self) -> AbstractContextManager[Session]:
        return self._database.write()


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def asked(database: Database) -> Asked:
    return Asked(database)


@pytest.fixture
def slow_door(services: Services, asked: Asked, now: list[float]) -> Door:
    """Returns the API behind a door of a clock that a test moves."""
    doorman = Doorman(asked, is_open=False, clock=lambda: now[0])  # type: ignore[arg-type]
    exposed = replace(services, settings=replace(services.settings, host="0.0.0.0"))
    inner = create_app(exposed)
    return Door(inner, doorman, Rates(0), clock=lambda: now[0])


def test_a_key_that_is_revoked_while_a_body_comes_submits_nothing(
    slow_door: Door, database: Database, now: list[float]
) -> None:
    key = new_key(database, "submit")

    def revoke() -> None:
        with database.write() as session:
            revoke_key(session, "ada")

    arriving = Arriving(now, pause_s=2.0, before_last=revoke)
    status, body = anyio.run(arriving.post, slow_door, "/v1/jobs", key)
    assert (status, json.loads(body)["type"]) == (401, "urn:stillhouse:problem:wrong-key")
    with database.read() as session:
        assert list_overviews(session, 1, None).items == ()


@pytest.mark.parametrize(("pause_s", "times"), [(0.4, 1), (0.6, 2)])
def test_a_body_that_comes_at_once_costs_no_second_look(
    slow_door: Door,
    database: Database,
    asked: Asked,
    now: list[float],
    pause_s: float,
    times: int,
) -> None:
    key = new_key(database, "submit")
    arriving = Arriving(now, pause_s=pause_s, before_last=lambda: None)
    status, _ = anyio.run(arriving.post, slow_door, "/v1/jobs", key)
    assert (status, asked.times) == (202, times)


def test_while_nobody_can_tell_whether_a_key_is_valid_it_changes_nothing(
    slow_door: Door, database: Database, asked: Asked, now: list[float]
) -> None:
    def go_away() -> None:
        asked.is_away = True

    arriving = Arriving(now, pause_s=2.0, before_last=go_away)
    status, _ = anyio.run(arriving.post, slow_door, "/v1/jobs", new_key(database, "submit"))
    assert status == 503
    with database.read() as session:
        assert list_overviews(session, 1, None).items == ()


def test_openapi_tells_what_needs_a_key(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    assert schema["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            is_closed = not is_open(path)
            assert ("security" in operation) is is_closed
            assert ({"401", "403"} <= set(operation["responses"])) is is_closed


def test_a_key_that_asks_too_fast_is_told_when_to_come_again(
    services: Services, database: Database
) -> None:
    settings = replace(services.settings, max_requests_per_s=1)
    client = TestClient(create_app(replace(services, settings=settings)), base_url=URL_OF_API)
    first, second = (new_key(database, "read", name=name) for name in ("ada", "bob"))
    answers = [client.get("/v1/jobs", headers=first) for _ in range(30)]
    refused = answers[-1]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert (refused.headers["retry-after"], refused.json()["type"]) == (
        "1",
        "urn:stillhouse:problem:too-fast",
    )
    assert client.get("/v1/jobs", headers=second).status_code == 200
    assert client.get("/healthz", headers=first).status_code == 200


def test_while_there_are_no_keys_anybody_may_ask_as_fast_as_may_be(services: Services) -> None:
    settings = replace(services.settings, max_requests_per_s=1)
    client = TestClient(create_app(replace(services, settings=settings)), base_url=URL_OF_API)
    assert {client.get("/v1/jobs").status_code for _ in range(15)} == {200}
