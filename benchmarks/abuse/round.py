"""One round of abuse: requests made by chance, then slow, half-closed and broken connections."""

import asyncio
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from benchmarks.abuse.described import send_described
from benchmarks.abuse.malformed import Place
from benchmarks.abuse.sockets import Outcome, half_close, reset, send_malformed, trickle

_DESCRIBED_SHARE = 0.8  # of the requests; the others are malformed bytes
_SLOW_FOR_S = 30.0  # after which a slow client gives up by itself
_BODY = (
    "POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n"
    "Content-Type: {kind}\r\nContent-Length: 100000\r\n\r\n"
)


@dataclass(frozen=True)
class Target:
    """What is abused: the server, a key that opens it, and ids of what is there."""

    port: int
    key: str
    ids: dict[str, str]

    @property
    def place(self) -> Place:
        """Where malformed bytes are sent."""
        return Place(f"127.0.0.1:{self.port}", self.key)

    def get(self, path: str) -> bytes:
        """Returns a right request."""
        head = f"GET {path} HTTP/1.1\r\nHost: {self.place.host}\r\nAuthorization: Bearer {self.key}"
        return f"{head}\r\n\r\n".encode()

    def post(self, path: str, kind: str) -> bytes:
        """Returns a right request whose body is yet to come."""
        about = {"path": path, "host": self.place.host, "key": self.key, "kind": kind}
        return _BODY.format(**about).encode()


@dataclass(frozen=True)
class Amounts:
    """How much is sent: requests, slow connections of each kind, and connections cut off."""

    requests: int
    slow: int
    cut: int
    seed: int


@dataclass
class Round:
    """What came of it.

    Attributes:
        described: answers to what schemathesis made, by status.
        malformed: how malformed bytes were met.
        slow_s: by kind, the longest that the server bore with a slow connection.
    """

    described: Counter[str] = field(default_factory=Counter)
    malformed: Outcome = field(default_factory=Outcome)
    slow_s: dict[str, float] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """Returns it as JSON has it."""
        return {
            "described": dict(self.described),
            "malformed": dict(self.malformed.statuses),
            "malformed_closed": dict(self.malformed.closed),
            "malformed_left_open": dict(self.malformed.open),
            "slow_s": self.slow_s,
        }

    @property
    def server_errors(self) -> int:
        """How many answers were a 5xx."""
        statuses = self.described + self.malformed.statuses
        return sum(n for status, n in statuses.items() if status.startswith("5"))

    @property
    def unanswered(self) -> int:
        """How many right requests got no answer at all."""
        return sum(n for status, n in self.described.items() if not status.isdigit())


def abuse(target: Target, amounts: Amounts) -> Round:
    """Returns what came of a round."""
    found = Round()
    described = round(amounts.requests * _DESCRIBED_SHARE)
    url = f"http://127.0.0.1:{target.port}"
    tell = _teller(described)
    found.described = send_described(url, target.key, target.ids, described, amounts.seed, tell)
    malformed = max(0, amounts.requests - sum(found.described.values()))
    _say(f"{malformed} times malformed bytes")
    draws = Random(amounts.seed)
    asyncio.run(send_malformed(target.port, target.place, malformed, draws, found.malformed))
    _say(f"{amounts.slow} slow connections of each kind")
    found.slow_s = asyncio.run(_slow(target, amounts.slow))
    _say(f"{amounts.cut} connections of each kind are cut off")
    _cut(target, amounts.cut)
    return found


async def _slow(target: Target, number: int) -> dict[str, float]:
    """Returns how long the server bore with slow heads, slow bodies and slow uploads at once."""
    form = "multipart/form-data; boundary=b"
    part = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n'
    kinds = {
        "head": target.get("/v1/jobs?" + "x" * 300)[:-4],
        "body": target.post("/v1/jobs", "application/json") + b'{"name": "' + b"x" * 300,
        "upload": target.post("/v1/datasets", form) + part + b"x" * 300,
    }
    longest = {}

    async def all_of(kind: str, data: bytes) -> None:
        jobs = (trickle(target.port, data, _SLOW_FOR_S) for _ in range(number))
        longest[kind] = round(max(await asyncio.gather(*jobs)), 1)

    await asyncio.gather(*(all_of(kind, data) for kind, data in kinds.items()))
    return longest


def _cut(target: Target, number: int) -> None:
    """Half-closes and resets connections in the middle of requests, answers and streams."""
    upload = target.post("/v1/datasets", "multipart/form-data; boundary=b") + b"--b\r\n"
    job, student = target.ids["job_id"], target.ids["student_id"]
    asked = [
        target.get(f"/v1/jobs/{job}/trials?limit=500"),
        target.get(f"/v1/jobs/{job}/events"),
        target.get(f"/v1/students/{student}/files/{target.ids['name']}"),
        upload,
    ]
    for n in range(number):
        half_close(target.port, asked[n % len(asked)])
        half_close(target.port, asked[n % len(asked)][: 40 + n % 40])
        reset(target.port, asked[n % len(asked)])


def _teller(number: int) -> Callable[[int], None]:
    def tell(sent: int) -> None:
        if sent % 200 == 0:
            sys.stderr.write(f"\r{sent} of {number} requests by the description ")
            sys.stderr.flush()

    return tell


def _say(what: str) -> None:
    sys.stderr.write(f"\n{what}")
    sys.stderr.flush()
