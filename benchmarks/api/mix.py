"""What users ask for: kinds of requests and how often each comes."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle
from random import Random

from app.pages import encode

# Of a thousand requests. Most ask how a job is, as the client, the command line and the page do
# twice a second, and have seen most of it. Then come what the page shows of a job, and parts of
# students' files. Changes are rare: somebody submits a job and thinks better of it, or holds one
# up. Estimates are left out: they start processes that compete with the search.
WEIGHTS: Mapping[str, int] = {
    "status, known": 340,
    "status": 60,
    "trials": 80,
    "trials, next page": 60,
    "best": 120,
    "file, part": 100,
    "jobs": 80,
    "pareto": 40,
    "architecture": 40,
    "ready": 50,
    "page": 10,
    "submit": 10,
    "pause or resume": 10,
}
_PART_BYTES = 65_536
_PATHS: Mapping[str, str] = {
    "status, known": "/v1/jobs/{job}",
    "status": "/v1/jobs/{job}",
    "trials": "/v1/jobs/{job}/trials?limit=50",
    "trials, next page": f"/v1/jobs/{{job}}/trials?limit=20&cursor={encode([19])}",
    "best": "/v1/jobs/{job}/best",
    "pareto": "/v1/jobs/{job}/pareto",
    "architecture": "/v1/jobs/{job}/architecture",
    "jobs": "/v1/jobs?limit=20",
    "ready": "/readyz",
    "page": "/",
}


@dataclass(frozen=True)
class User:
    """Somebody who asks.

    Attributes:
        key: an API key.
        jobs: jobs with trials and a best student; one may be live.
        waiting: a job in the queue that is paused and resumed; None if the user has none.
        file: the path of a file of a student.
        file_bytes: its size.
        weight: how often the user asks, beside the others.
    """

    key: str
    jobs: tuple[str, ...]
    waiting: str | None
    file: str
    file_bytes: int
    weight: float


@dataclass(frozen=True)
class Wanted:
    """One request: its kind, whose it is, and what is sent."""

    kind: str
    user: int
    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class Mix:
    """Draws requests; the tags of earlier answers are known to whoever sends them.

    Args:
        users: who asks.
        draws: where chance comes from.
    """

    def __init__(self, users: list[User], draws: Random) -> None:
        self._users = users
        self._draws = draws
        self._numbers = range(len(users))
        self._user_weights = [user.weight for user in users]
        self._holders = cycle(n for n, user in enumerate(users) if user.waiting is not None)
        self._paused = [False] * len(users)
        self._sent = 0

    def next(self) -> Wanted:
        """Returns the next request."""
        self._sent += 1
        kind = self._draws.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        number = self._draws.choices(self._numbers, self._user_weights)[0]
        if kind == "pause or resume":  # in turn, as nobody resumes before the pause is answered
            number = next(self._holders)
        return self._of(kind, number)

    def _of(self, kind: str, number: int) -> Wanted:
        if kind == "submit":
            return self._submission(number)
        if kind == "pause or resume":
            return self._hold_up(kind, number)
        user = self._users[number]
        if kind == "file, part":
            first = self._draws.randrange(max(1, user.file_bytes - _PART_BYTES))
            part = ("Range", f"bytes={first}-{first + _PART_BYTES - 1}")
            return Wanted(kind, number, "GET", user.file, (part,))
        path = _PATHS[kind].format(job=self._draws.choice(user.jobs))
        return Wanted(kind, number, "GET", path)

    def _submission(self, number: int) -> Wanted:
        body = (
            f'{{"name": "request {self._sent}", "teacher": {{"network": "zoo/resnet20"}},'
            ' "dataset": {"name": "digits"}}'
        )
        headers = (
            ("Content-Type", "application/json"),
            ("Idempotency-Key", f"{self._sent}-{self._draws.getrandbits(64):x}"),
        )
        return Wanted("submit", number, "POST", "/v1/jobs", headers, body.encode())

    def _hold_up(self, kind: str, number: int) -> Wanted:
        command = "resume" if self._paused[number] else "pause"
        self._paused[number] = not self._paused[number]
        path = f"/v1/jobs/{self._users[number].waiting}/{command}"
        return Wanted(kind, number, "POST", path)
