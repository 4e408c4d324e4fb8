"""The door: every request needs a key that may do what is asked, but those for health or the page.

The page at `/` is the same for everybody; what it shows it asks for with its visitor's key. So is
the description of the API.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from functools import partial

from anyio import CancelScope
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.doorman import REMEMBERED_FOR_S, Doorman
from app.log_context import about
from app.problem_handlers import problem_answer
from app.problems import NoKey, NotReady, ScopeLacking, StillhouseError, TooFast
from app.rates import Rates
from app.visitor import NOBODY, Visitor
from app.visitor import Scope as Allowed

METRICS = "/metrics"
DOCS, DESCRIPTION = "/docs", "/openapi.json"
_HEALTH = ("/healthz", "/readyz")
UNWATCHED = frozenset({*_HEALTH, METRICS})  # asked for by machines all the time
_OPEN_PATHS = frozenset({"/", DOCS, DESCRIPTION, *_HEALTH})
_OPEN_FOLDER = "/page/"
_READING = ("GET", "HEAD", "OPTIONS")
_SCHEME = "bearer"
_REQUEST, _PART = "http.request", "http.response.body"


class Door:
    """ASGI middleware that finds out whose a request is, for `app.services` to hand on.

    A request whose body is still coming is refused when its key is revoked, and an answer that is
    still being sent ends.
    """

    def __init__(
        self,
        app: ASGIApp,
        doorman: Doorman,
        rates: Rates,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._doorman = doorman
        self._rates = rates
        self._clock = clock
        self._looking_up: dict[str | None, asyncio.Task[Visitor]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers with a problem, or hands the request on with its visitor."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if is_open(scope["path"]):
            request.state.visitor = NOBODY
            await self._app(scope, receive, send)
            return
        try:
            visitor = await self._admitted(request)
            request.state.visitor = visitor
            about(key_id=visitor.key_id)
            self._expect_allowed(request, visitor)
        except StillhouseError as refusal:
            await problem_answer(refusal)(scope, receive, send)
            return
        with CancelScope() as under_way:
            admitted = partial(self._admitted, request)
            visit = _Visit(receive, send, admitted, under_way.cancel, self._clock)
            await self._app(scope, visit.receive, visit.send)

    def _expect_allowed(self, request: Request, visitor: Visitor) -> None:
        if request.scope["path"] == METRICS:
            if not visitor.sees_all:
                raise ScopeLacking(f"{METRICS} tells of everybody: it needs the scope `admin`")
            return
        if visitor.key_id and (wait_s := self._rates.wait_s(visitor.key_id)):
            raise TooFast("your key asks faster than it may", math.ceil(wait_s))
        needed: Allowed = "read" if request.method in _READING else "submit"
        if not visitor.may(needed):
            raise ScopeLacking(f"{request.method} needs the scope `{needed}`")

    async def _admitted(self, request: Request) -> Visitor:
        key = _key(request)
        visitor = self._doorman.recall(key)
        if visitor is not None:
            return visitor
        try:
            return await asyncio.shield(self._look_up(key))
        except (OperationalError, PoolTimeoutError) as error:
            known = self._doorman.recall(key, however_long_ago=request.scope["path"] == METRICS)
            if known is not None:
                return known  # the metrics are there above all when something is wrong
            raise NotReady("the database does not answer") from error

    def _look_up(self, key: str | None) -> asyncio.Task[Visitor]:
        """Returns one look at the database for all who come with a key at that moment."""
        task = self._looking_up.get(key)
        if task is None:
            task = asyncio.create_task(run_in_threadpool(self._doorman.look_up, key))
            self._looking_up[key] = task
            task.add_done_callback(partial(self._looked_up, key))
        return task

    def _looked_up(self, key: str | None, task: asyncio.Task[Visitor]) -> None:
        del self._looking_up[key]
        if not task.cancelled():
            task.exception()  # seen, even if nobody waits for it any more


class _Visit:
    """A request under way, whose key is looked at again as it goes on."""

    def __init__(
        self,
        receive: Receive,
        send: Send,
        admitted: Callable[[], Awaitable[Visitor]],
        end: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._receive = receive
        self._send = send
        self._admitted = admitted
        self._end = end
        self._clock = clock
        self._checked_at = clock()
        self._is_answered = False

    async def receive(self) -> Message:
        """Returns what comes next; raises `NoKey` once the key opens nothing any more.

        While nobody can tell, more of a body is taken, and its end is not: `NotReady`.
        """
        message = await self._receive()
        if message["type"] == _REQUEST and not self._is_answered and self._is_due():
            try:
                await self._admitted()
                self._checked_at = self._clock()
            except NoKey:
                self._checked_at = math.inf  # the answer that says so is sent whole
                raise
            except NotReady:
                if not message.get("more_body", False):
                    raise
        return message

    async def send(self, message: Message) -> None:
        """Hands on a part of the answer; ends it once the key opens nothing any more."""
        self._is_answered = True
        if message["type"] == _PART and self._is_due():
            self._checked_at = self._clock()
            try:
                await self._admitted()
            except NoKey:
                self._end()
                return
            except NotReady:
                pass  # nobody can tell now, and it was valid
        await self._send(message)

    def _is_due(self) -> bool:
        return self._clock() - self._checked_at >= REMEMBERED_FOR_S


def is_open(path: str) -> bool:
    """Returns whether a path is open to all."""
    return path in _OPEN_PATHS or path.startswith(_OPEN_FOLDER)


def _key(request: Request) -> str | None:
    """Returns the key that a request brings; None if it brings none."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == _SCHEME and key.strip() else None
