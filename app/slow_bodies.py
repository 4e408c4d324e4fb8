"""Bodies that come a byte at a time: whoever sends one doesn't keep a place for long."""

import asyncio
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.problems import TooSlow

_PATIENCE_S = 10.0  # for which nothing need come
_REQUEST, _START = "http.request", "http.response.start"


class SlowBodies:
    """ASGI middleware that ends requests whose body comes too slowly.

    Only the time is counted for which the body is waited for, and not what is done with it.

    Args:
        app: what is called.
        bytes_per_s: slowest that a body may come on average, after ten seconds; 0 for any.
        clock: monotonic seconds.
    """

    def __init__(
        self, app: ASGIApp, bytes_per_s: int, clock: Callable[[], float] | None = None
    ) -> None:
        self._app = app
        self._bytes_per_s = bytes_per_s
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands the request on."""
        if scope["type"] != "http" or not self._bytes_per_s:
            await self._app(scope, receive, send)
            return
        clock = self._clock or asyncio.get_running_loop().time
        body = _Body(receive, self._bytes_per_s, clock)

        async def noting(message: Message) -> None:
            body.is_answered = body.is_answered or message["type"] == _START
            await send(message)

        await self._app(scope, body.receive, noting)


class _Body:
    """A body that comes, and how long it has been waited for."""

    def __init__(self, receive: Receive, bytes_per_s: int, clock: Callable[[], float]) -> None:
        self._receive = receive
        self._bytes_per_s = bytes_per_s
        self._clock = clock
        self._allowed_s = _PATIENCE_S
        self._is_whole = False
        self.is_answered = False

    async def receive(self) -> Message:
        """Returns what comes next; raises `TooSlow` if it doesn't come in time."""
        if self._is_whole:
            return await self._receive()
        began = self._clock()
        try:
            if self._allowed_s <= 0:
                raise TimeoutError
            async with asyncio.timeout(self._allowed_s):
                message = await self._receive()
        except TimeoutError as error:
            if self.is_answered:  # too late for another answer
                return {"type": "http.disconnect"}
            least = f"{self._bytes_per_s} bytes a second are wanted on average"
            raise TooSlow(f"the body comes too slowly: {least}") from error
        self._allowed_s += len(message.get("body", b"")) / self._bytes_per_s
        self._allowed_s -= self._clock() - began
        self._is_whole = message["type"] != _REQUEST or not message.get("more_body", False)
        return message
