"""Request ids: by one, a request is found again in answers, problems, logs and the job it made."""

import re
import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.log_context import about

HEADER = "X-Request-Id"
_PREFIX = "req_"
_SANE = re.compile(r"[A-Za-z0-9._:/+=@-]{1,100}")
_START = "http.response.start"


class RequestIds:
    """ASGI middleware: takes the id that a client or a proxy sends, or makes one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands the request on; its answer, and its lines of the log, have the id."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        name = given if _SANE.fullmatch(given) else _PREFIX + secrets.token_hex(8)
        about(request_id=name)  # each request has a context of its own

        async def send_named(message: Message) -> None:
            if message["type"] == _START:
                MutableHeaders(raw=message["headers"]).setdefault(HEADER, name)
            await send(message)

        await self._app(scope, receive, send_named)
