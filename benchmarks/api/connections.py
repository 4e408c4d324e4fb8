"""HTTP/1.1 over kept connections, with as little work as can be: it shares the server's cores.

A request takes a tenth of what httpx would take. It reads what this API sends to such requests:
answers with a length, or without a body.
"""

import asyncio
import re
from dataclasses import dataclass

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
_TAG = re.compile(rb"\r\netag: (\S+)", re.IGNORECASE)
_WITHOUT_BODY = (204, 304)
# The server closes a connection that was idle for 5 s: a careful client takes none of that age.
_IDLE_S = 3.0


class Broken(Exception):
    """Raised when a connection ends before the answer, or what comes is no answer."""


@dataclass(frozen=True)
class Answer:
    """What came back: a status, the head as it came, and the body, maybe packed."""

    status: int
    head: bytes
    body: bytes

    @property
    def tag(self) -> str | None:
        """The answer's ETag."""
        found = _TAG.search(self.head)
        return found[1].decode() if found else None


class Connection(asyncio.Protocol):
    """One connection, for one request after another."""

    def __init__(self) -> None:
        self.is_open = False
        self.idle_since = 0.0
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._answer: asyncio.Future[Answer] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes the transport, as asyncio calls it."""
        assert isinstance(transport, asyncio.Transport)
        self._transport, self.is_open = transport, True

    def data_received(self, data: bytes) -> None:
        """Takes a part of an answer, as asyncio calls it."""
        self._received += data
        answer = parse(self._received)
        if answer is not None and self._answer is not None and not self._answer.done():
            self._received.clear()
            self._answer.set_result(answer)

    def connection_lost(self, _: Exception | None) -> None:
        """Fails the request under way, as asyncio calls it."""
        self.is_open = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Broken("the connection ended before the answer"))

    async def ask(self, request: bytes) -> Answer:
        """Sends a request and returns its answer."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        """Closes the connection."""
        if self._transport is not None:
            self._transport.close()


class Connections:
    """Connections to one server: as many as there are requests at once."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._free: list[Connection] = []
        self.opened = 0

    async def ask(self, request: bytes, within_s: float) -> Answer:
        """Returns the answer; raises `Broken`, `OSError` or `TimeoutError` if there is none."""
        async with asyncio.timeout(within_s):
            connection = self._take() or await self._open()
            try:
                answer = await connection.ask(request)
            except BaseException:
                connection.close()
                raise
        connection.idle_since = asyncio.get_running_loop().time()
        self._free.append(connection)
        return answer

    def close(self) -> None:
        """Closes all of them."""
        for connection in self._free:
            connection.close()

    def _take(self) -> Connection | None:
        """Returns the connection that was used last, if it is fresh; closes those that aren't."""
        now = asyncio.get_running_loop().time()
        while self._free:
            connection = self._free.pop()
            if connection.is_open and now - connection.idle_since < _IDLE_S:
                return connection
            connection.close()
        return None

    async def _open(self) -> Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(Connection, self._host, self._port)
        self.opened += 1
        return connection


def parse(received: bytearray) -> Answer | None:
    """Returns the answer that was received; None while it isn't whole.

    Raises:
        Broken: more came than one answer, or one without a length.
    """
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    head, status = bytes(received[:end]), int(received[9:12])
    found = _LENGTH.search(head)
    if found is None and status not in _WITHOUT_BODY:
        raise Broken(f"an answer without a length: {head[:200]!r}")
    length = 0 if status in _WITHOUT_BODY or found is None else int(found[1])
    missing = end + 4 + length - len(received)
    if missing < 0:
        raise Broken("more came than one answer")
    return None if missing else Answer(status, head, bytes(received[end + 4 :]))
