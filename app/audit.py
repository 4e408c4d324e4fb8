"""The audit log: who changed what, a JSON line each on the logger `stillhouse.audit`.

It has the key's id and name, never the key. Refused requests are in it too; those that bring no
valid key are not, for nobody is known to have sent them. While there are no keys nobody can be told
apart, and nothing is written.
"""

import json
import logging
import sys
from datetime import UTC, datetime

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.log_context import request_id
from app.visitor import Visitor

_log = logging.getLogger("stillhouse.audit")
_READING = ("GET", "HEAD", "OPTIONS")
_START = "http.response.start"


class Audit:
    """ASGI middleware before the door: writes down each request that is to change something."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands the request on, and writes down how it was answered."""
        if scope["type"] != "http" or scope["method"] in _READING:
            await self._app(scope, receive, send)
            return
        is_answered = False

        async def noting(message: Message) -> None:
            nonlocal is_answered
            if message["type"] == _START:
                is_answered = True
                _note(Request(scope), message["status"], Headers(raw=message["headers"]))
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception:
            if not is_answered:  # who made the app answers for it
                _note(Request(scope), 500, Headers())
            raise


def _note(request: Request, status: int, headers: Headers) -> None:
    visitor: Visitor | None = getattr(request.state, "visitor", None)  # as the door found out
    if visitor is None or not visitor.key_id:
        return
    done = {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "key": visitor.key_id,
        "name": visitor.name,
        "did": f"{request.method} {request.scope['path']}",
        "status": status,
        "made": headers.get("location"),
        "from": request.client.host if request.client else None,
        "request_id": request_id(),
    }
    _log.info(json.dumps(done))


def write_to_stderr() -> None:
    """Has the audit log written to standard error, whatever else is logged there."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
    _log.propagate = False
