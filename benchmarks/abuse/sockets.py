"""Clients that use their sockets in bad faith, by the hundred."""

import asyncio
import socket
import struct
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from benchmarks.abuse.malformed import Place, malformed

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, for no time: close() sends RST
_STATUS = slice(9, 12)


@dataclass
class Outcome:
    """How the server met what was sent: answers by status, and connections without one."""

    statuses: Counter[str] = field(default_factory=Counter)
    closed: Counter[str] = field(default_factory=Counter)
    open: Counter[str] = field(default_factory=Counter)

    @property
    def number(self) -> int:
        """How many connections there were."""
        return self.statuses.total() + self.closed.total() + self.open.total()

    def note(self, kind: str, received: bytes, is_closed: bool) -> None:
        """Takes what came back of one connection."""
        if received.startswith(b"HTTP/1.1 "):
            self.statuses[received[_STATUS].decode()] += 1
        elif is_closed:
            self.closed[kind] += 1
        else:
            self.open[kind] += 1


async def send_malformed(
    port: int, place: Place, number: int, draws: Random, outcome: Outcome
) -> None:
    """Sends malformed bytes over a connection each, and reads what comes back."""
    at_once = asyncio.Semaphore(16)

    async def one(kind: str, data: bytes) -> None:
        async with at_once:
            received, is_closed = await exchange(port, data, 1.0)
            outcome.note(kind, received, is_closed)

    await asyncio.gather(*(one(*malformed(place, draws)) for _ in range(number)))


async def exchange(port: int, data: bytes, for_s: float) -> tuple[bytes, bool]:
    """Returns the first of what comes back, and whether the server closed; then closes."""
    writer = None
    try:
        async with asyncio.timeout(for_s + 5.0):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(data)
            try:
                async with asyncio.timeout(for_s):
                    return await reader.read(4096), True
            except TimeoutError:
                return b"", False
    except (OSError, TimeoutError):
        return b"", True
    finally:
        if writer is not None:
            writer.transport.abort()


async def trickle(port: int, data: bytes, for_s: float) -> float:
    """Sends a byte every half second; returns the seconds after which the server gave up."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    ended = asyncio.create_task(reader.read(4096))
    try:
        writer.write(data[:-200])
        for byte in data[-200:]:
            await asyncio.wait([ended], timeout=0.5)
            if ended.done() or loop.time() - began > for_s:
                break
            writer.write(bytes([byte]))
    except ConnectionError:
        pass
    finally:
        ended.cancel()
        writer.transport.abort()
    return loop.time() - began


def half_close(port: int, data: bytes) -> None:
    """Sends a part of a request, says that no more comes, and leaves."""
    with socket.create_connection(("127.0.0.1", port), 5.0) as half:
        half.sendall(data)
        half.shutdown(socket.SHUT_WR)
        half.settimeout(0.05)
        with suppress(OSError):
            half.recv(100)


def reset(port: int, data: bytes) -> None:
    """Asks for something long, reads some of it and resets the connection."""
    with socket.create_connection(("127.0.0.1", port), 5.0) as broken:
        broken.sendall(data)
        broken.settimeout(0.05)
        with suppress(OSError):
            broken.recv(1000)
        broken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
