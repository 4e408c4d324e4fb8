"""Asks at the moments at which users would, whether or not earlier answers have come."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from benchmarks.api.connections import Answer, Broken, Connections
from benchmarks.api.mix import Mix, User, Wanted

_WITHIN_S = 10.0
_EXPECTED = {"file, part": 206, "submit": 202, "pause or resume": 202, "cancel": 202}


@dataclass(frozen=True)
class Plan:
    """What is asked, and how often.

    Attributes:
        host: the server's address.
        port: the server's port.
        users: who asks.
        per_s: requests a second; they come at random moments (a Poisson process).
        seconds: how long.
        seed: of what is asked and when.
        floor_port: where the least that a server can do is asked for; None for nowhere.
        floor_per_s: how often.
    """

    host: str
    port: int
    users: list[User]
    per_s: float
    seconds: float
    seed: int
    floor_port: int | None = None
    floor_per_s: float = 10.0


@dataclass
class Asked:
    """What came of it.

    Attributes:
        took_ms: by kind, milliseconds from when each request was due to its whole answer.
        statuses: how many answers had each status.
        errors: how many requests came to no good end, by kind and how.
        late_ms: milliseconds by which this program sent each request too late.
    """

    took_ms: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    late_ms: list[float] = field(default_factory=list)
    connections: int = 0


def due_times(per_s: float, seconds: float, draws: Random) -> list[float]:
    """Returns when requests are due, in seconds from the start: as many as `per_s` means."""
    return sorted(draws.uniform(0.0, seconds) for _ in range(round(per_s * seconds)))


async def ask(plan: Plan, on_second: Callable[[int], None]) -> Asked:
    """Returns what came of a plan's requests; tells each second how many were sent."""
    asker = _Asker(plan)
    draws = Random(plan.seed)
    mix = Mix(plan.users, draws)
    due = [(at, True) for at in due_times(plan.per_s, plan.seconds, draws)]
    if plan.floor_port is not None:
        due += [(at, False) for at in due_times(plan.floor_per_s, plan.seconds, draws)]
    start = asyncio.get_running_loop().time()
    told = 0
    for at, is_ours in sorted(due):
        await asyncio.sleep(max(0.0, start + at - asyncio.get_running_loop().time()))
        asker.send(mix.next() if is_ours else _FLOOR, start + at)
        if at >= told + 1:
            told = int(at)
            on_second(told)
    return await asker.finish()


_FLOOR = Wanted("floor", 0, "GET", "/")


class _Asker:
    """Sends requests, and notes how they are answered."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._ours = Connections(plan.host, plan.port)
        self._floor = Connections(plan.host, plan.floor_port or plan.port)
        self._tags: dict[tuple[int, str], str] = {}
        self._asked = Asked()
        self._under_way: set[asyncio.Task[None]] = set()

    def send(self, wanted: Wanted, due: float) -> None:
        """Sends a request that was due at a moment of the loop's clock."""
        task = asyncio.create_task(self._carry_out(wanted, due))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def finish(self) -> Asked:
        """Waits for what is under way; returns what came of everything."""
        while self._under_way:
            await asyncio.gather(*self._under_way)
        self._asked.connections = self._ours.opened
        self._ours.close()
        self._floor.close()
        return self._asked

    async def _carry_out(self, wanted: Wanted, due: float) -> None:
        clock = asyncio.get_running_loop().time
        connections = self._floor if wanted is _FLOOR else self._ours
        self._asked.late_ms.append((clock() - due) * 1000)
        try:
            answer = await connections.ask(self._bytes_of(wanted), _WITHIN_S)
        except (Broken, OSError, TimeoutError) as error:
            self._asked.errors[f"{wanted.kind}: {type(error).__name__}"] += 1
            return
        took_ms = (clock() - due) * 1000
        self._asked.took_ms.setdefault(wanted.kind, []).append(took_ms)
        self._asked.statuses[answer.status] += 1
        self._judge(wanted, answer)

    def _judge(self, wanted: Wanted, answer: Answer) -> None:
        if answer.status not in (_EXPECTED.get(wanted.kind, 200), 304):
            self._asked.errors[f"{wanted.kind}: {answer.status}"] += 1
        elif wanted.kind == "submit":
            job_id = json.loads(answer.body)["id"]
            cancel = Wanted("cancel", wanted.user, "POST", f"/v1/jobs/{job_id}/cancel")
            self.send(cancel, asyncio.get_running_loop().time())
        elif answer.tag is not None:
            self._tags[wanted.user, wanted.path] = answer.tag

    def _bytes_of(self, wanted: Wanted) -> bytes:
        head = [
            f"{wanted.method} {wanted.path} HTTP/1.1",
            f"Host: {self._plan.host}:{self._plan.port}",
            f"Authorization: Bearer {self._plan.users[wanted.user].key}",
        ]
        if wanted.kind != "submit":
            head.append("Accept-Encoding: gzip")
        if wanted.method == "POST":
            head.append(f"Content-Length: {len(wanted.body)}")
        tag = self._tags.get((wanted.user, wanted.path))
        if tag is not None and wanted.kind in ("status, known", "architecture"):
            head.append(f"If-None-Match: {tag}")
        head += [f"{name}: {value}" for name, value in wanted.headers]
        return "\r\n".join([*head, "", ""]).encode() + wanted.body
