"""The door: every request needs a key that may do what is asked, but those for health or the page.

The page at `/` is the same for everybody; what it shows it asks for with its visitor's key. So is
the description of the API.
"""

import asyncio
import math
import time
from collections.abc import Callable
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
_PART = "http.response.body"


class Door:
    """ASGI middleware that finds out whose a request is, for `app.services` to hand on.

    An answer that is still being sent ends when its key is revoked.
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
            visitor = await self._visitor(request)
        except StillhouseError as refusal:
            await problem_answer(refusal)(scope, receive, send)
            return
        request.state.visitor = visitor
        about(key_id=visitor.key_id)
        with CancelScope() as under_way:
            await self._app(scope, receive, self._while_valid(request, send, under_way))

    async def _visitor(self, request: Request) -> Visitor:
        visitor = await self._admitted(request)
        if request.scope["path"] == METRICS:
            if not visitor.sees_all:
                raise ScopeLacking(f"{METRICS} tells of everybody: it needs the scope `admin`")
            return visitor
        if visitor.key_id and (wait_s := self._rates.wait_s(visitor.key_id)):
            raise TooFast("your key asks faster than it may", math.ceil(wait_s))
        needed: Allowed = "read" if request.method in _READING else "submit"
        if not visitor.may(needed):
            raise ScopeLacking(f"{request.method} needs the scope `{needed}`")
        return visitor

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

    def _while_valid(self, request: Request, send: Send, under_way: CancelScope) -> Send:
        """Returns `send`, which ends the answer once its key opens nothing any more."""
        checked_at = self._clock()

        async def send_while_valid(message: Message) -> None:
            nonlocal checked_at
            now = self._clock()
            if message["type"] == _PART and now - checked_at >= REMEMBERED_FOR_S:
                checked_at = now
                try:
                    await self._admitted(request)
                except NoKey:
                    under_way.cancel()
                    return
                except NotReady:
                    pass  # nobody can tell now, and it was valid
            await send(message)

        return send_while_valid


def is_open(path: str) -> bool:
    """Returns whether a path is open to all."""
    return path in _OPEN_PATHS or path.startswith(_OPEN_FOLDER)


def _key(request: Request) -> str | None:
    """Returns the key that a request brings; None if it brings none."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == _SCHEME and key.strip() else None
