"""Follows jobs by many streams of events at once, and notes when each event comes."""

import asyncio
import re
import time
from collections import Counter
from dataclasses import dataclass, field

_TRIAL = re.compile(rb'"number":(\d+),"state":"(\w+)"')
_WITHIN_S = 30.0
_AT_ONCE = 20  # streams that are opened together

Change = tuple[str, int, str]  # a trial of a job, and its new state


@dataclass(frozen=True)
class Stream:
    """One stream to open: of which job, and with which key."""

    job: str
    key: str


@dataclass
class Followed:
    """What came over the streams.

    Attributes:
        opened: how many streams were answered with events.
        events: how many events of each kind came, over all streams, once all were open.
        arrivals: when each change of a trial came over the streams, by the machine's clock.
        errors: streams that were not opened, or ended while they were to stay open.
    """

    opened: int = 0
    events: Counter[str] = field(default_factory=Counter)
    arrivals: dict[Change, list[float]] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)


class Streams:
    """Streams that are open at once, on one server."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._followed = Followed()
        self._readers: list[asyncio.Task[None]] = []
        self._is_closing = False

    async def open(self, streams: list[Stream]) -> None:
        """Opens the streams, some at a time; what their first events were is not noted."""
        for start in range(0, len(streams), _AT_ONCE):
            await asyncio.gather(*map(self._open, streams[start : start + _AT_ONCE]))
        await asyncio.sleep(1.0)
        self._followed.events.clear()
        self._followed.arrivals.clear()

    async def close(self) -> Followed:
        """Closes the streams and returns what came."""
        self._is_closing = True
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        return self._followed

    async def _open(self, stream: Stream) -> None:
        request = (
            f"GET /v1/jobs/{stream.job}/events HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n"
            f"Authorization: Bearer {stream.key}\r\nAccept: text/event-stream\r\n\r\n"
        )
        try:
            async with asyncio.timeout(_WITHIN_S):
                reader, writer = await asyncio.open_connection(self._host, self._port)
                writer.write(request.encode())
                head = await reader.readuntil(b"\r\n\r\n")
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            self._followed.errors[type(error).__name__] += 1
            return
        if not head.startswith(b"HTTP/1.1 200"):
            self._followed.errors[head[9:12].decode()] += 1
            return
        self._followed.opened += 1
        self._readers.append(asyncio.create_task(self._follow(stream.job, reader, writer)))

    async def _follow(
        self, job: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while line := await reader.readline():
                if line.startswith(b"event: "):
                    kind = line[7:-1].decode()
                    self._followed.events[kind] += 1
                    if kind == "trial":
                        self._note(job, await reader.readline())
            if not self._is_closing:
                self._followed.errors["ended"] += 1
        except OSError as error:
            self._followed.errors[type(error).__name__] += 1
        finally:
            writer.close()

    def _note(self, job: str, line: bytes) -> None:
        found = _TRIAL.search(line)
        if found is not None:
            change = (job, int(found[1]), found[2].decode())
            self._followed.arrivals.setdefault(change, []).append(time.time())


def delays_ms(
    arrivals: dict[Change, list[float]], committed: dict[tuple[str, int], float]
) -> list[float]:
    """Returns milliseconds from a trial's end on record to its event, for each stream.

    Args:
        arrivals: when changes came, in seconds since the epoch.
        committed: when trials ended, by job and number.
    """
    return [
        (came - committed[job, number]) * 1000
        for (job, number, state), times in arrivals.items()
        if state in ("completed", "stopped") and (job, number) in committed
        for came in times
    ]
