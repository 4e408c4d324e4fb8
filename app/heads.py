"""HEAD is answered as GET would be, without the body (RFC 9110, 9.3.2)."""

from anyio import CancelScope
from anyio.lowlevel import checkpoint
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PART = "http.response.body"


class Heads:
    """ASGI middleware that asks the routes by GET, and ends the answer where its body begins.

    So nobody waits for a stream of events to end, and of a large file one part is read.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands the request on."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            scope["method"] = "HEAD"  # as it was for those who are told of the answer
            if message["type"] == _PART:
                await send({"type": _PART, "body": b""})
                if message.get("more_body"):
                    under_way.cancel()
                    await checkpoint()
            else:
                await send(message)

        with CancelScope() as under_way:
            scope["method"] = "GET"
            try:
                await self._app(scope, receive, send_head)
            finally:
                scope["method"] = "HEAD"
