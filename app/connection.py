"""A connection to the API, which is given up on when its other end keeps it waiting.

uvicorn waits for ever for a request's head, and for who doesn't read an answer; so a few hundred
idle connections could take every file descriptor there is.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

_HEAD_S = 10.0  # from a connection's beginning, or a head's first byte, to the end of the head
_HEAD_BYTES = 2**16
_UNREAD_S = 60.0  # for which nothing need be read of an answer
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: 22\r\nconnection: close\r\n\r\n"
    b"The head is too large."
)


class Connection(HttpToolsProtocol):
    """uvicorn's connection with limits to a head's time and size, and to unread answers."""

    head_s = _HEAD_S
    unread_s = _UNREAD_S
    _head_timer: asyncio.TimerHandle | None = None
    _unread_timer: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _is_in_body = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Waits for a head from now on."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Waits for nothing any more."""
        self._stop_awaiting_head()
        self._stop_awaiting_reader()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Takes what came: of a request under way, of a head, or what a refused one still sends."""
        if not self._is_under_way() and not self._is_in_body:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._is_under_way():
            self._stop_awaiting_head()
        elif self._head_bytes > _HEAD_BYTES:
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        elif not self.transport.is_closing():
            self._await_head()

    def on_headers_complete(self) -> None:
        """Has a head, as the parser tells it; a body follows, be it empty."""
        super().on_headers_complete()
        self._is_in_body = True

    def on_message_complete(self) -> None:
        """Has a whole request, as the parser tells it; the next head has all of its time."""
        self._is_in_body = False
        self._stop_awaiting_head()
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Waits for the other end to read."""
        super().pause_writing()
        if self._unread_timer is None:
            self._unread_timer = self.loop.call_later(self.unread_s, self.transport.abort)

    def resume_writing(self) -> None:
        """Is read again."""
        self._stop_awaiting_reader()
        super().resume_writing()

    def _is_under_way(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # there is none before the first head
        return cycle is not None and not cycle.response_complete

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.head_s, self.transport.abort)

    def _stop_awaiting_head(self) -> None:
        self._head_bytes = 0
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _stop_awaiting_reader(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None
