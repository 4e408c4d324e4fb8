"""A whole installation, as `stillhouse serve` starts it, with users, queued jobs and a search."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from app.database import Database
from app.services import Services
from app.settings import Settings
from benchmarks.api.mix import User
from benchmarks.api.past import users_with_a_past
from benchmarks.api.streams import Stream
from stillhouse.ports import free_port
from stillhouse.serving import Place, migrate, serving
from stillhouse.supervisor import Supervisor

HOST = "127.0.0.1"
_GIVE_UP_AFTER = 3
_SEARCHES_WITHIN_S = 240.0
_POLL_S = 0.5
_ANSWERED_S = 60.0  # what the figures are not about
# A search that is longer than any run, and trains on two cores. It is the embedding search with
# its defaults, so that proposals compete for the cores too.
_LIVE = {
    "name": "the live one",
    "teacher": {"network": "zoo/resnet20"},
    "dataset": {"name": "digits"},
    "constraints": {"params_ratio": 0.25},
    "search": {"evaluations": 400, "parallel": 2},
    "training": {"teacher_epochs": 3, "search_epochs": 5},
}
_WAITING = {"name": "waits", "teacher": {"network": "zoo/resnet20"}, "dataset": {"name": "digits"}}


@dataclass(frozen=True)
class Installation:
    """What is asked.

    Attributes:
        port: where the API listens.
        supervisor: keeps the servers alive.
        users: who ask; the search is the first one's.
        live: the job whose search is under way.
        database: what the servers use.
    """

    port: int
    supervisor: Supervisor
    users: list[User]
    live: str
    database: Database

    def streams(self, number: int) -> list[Stream]:
        """Returns streams to open: two in five on the live job, the others on those that wait."""
        live = Stream(self.live, self.users[0].key)
        waiting = [Stream(user.waiting, user.key) for user in self.users if user.waiting]
        others = [waiting[n % len(waiting)] for n in range(number)]
        return [live if n % 5 < 2 else others[n] for n in range(number)]

    def trials(self) -> dict[str, int]:
        """Returns how many trials of the live job are in each state."""
        progress = _job(self.port, self.users[0].key, self.live)["progress"]
        return {name: progress[name] for name in ("completed", "running", "stopped", "failed")}


@contextmanager
def installed(home: Path, users: int, environment: dict[str, str]) -> Iterator[Installation]:
    """Yields an installation in the middle of a search; all of it has ended after."""
    place = Place(home, HOST, free_port(HOST), os.environ | environment, quiet=True)
    migrate(place.server_environment())
    services = Services.open(Settings.from_environment(place.server_environment()))
    known = users_with_a_past(services.database, services.artifacts, users)
    with serving(place, print, _GIVE_UP_AFTER) as supervisor:
        live = _submit(place.port, known[0].key, _LIVE)
        _await_search(place.port, known[0].key, live, supervisor)
        first = replace(known[0], jobs=(*known[0].jobs, live))
        others = [replace(u, waiting=_submit(place.port, u.key, _WAITING)) for u in known[1:]]
        yield Installation(place.port, supervisor, [first, *others], live, services.database)
    services.database.close()


def _submit(port: int, key: str, body: dict[str, Any]) -> str:
    answer = httpx.post(f"http://{HOST}:{port}/v1/jobs", json=body, headers=_of(key))
    return str(answer.raise_for_status().json()["id"])


def _job(port: int, key: str, job_id: str) -> Any:  # noqa: ANN401 - JSON
    url = f"http://{HOST}:{port}/v1/jobs/{job_id}"
    answer = httpx.get(url, headers=_of(key), timeout=_ANSWERED_S)
    return answer.raise_for_status().json()


def _await_search(port: int, key: str, job_id: str, supervisor: Supervisor) -> None:
    """Waits until trials train and one became a student; raises `TimeoutError` if it takes long."""
    deadline = time.monotonic() + _SEARCHES_WITHIN_S
    while (job := _job(port, key, job_id))["best"] is None or not job["progress"]["running"]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"no search after {_SEARCHES_WITHIN_S:g} s")
        supervisor.watch(_POLL_S)


def _of(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}
