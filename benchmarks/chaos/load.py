"""The jobs of a run: submitted one after another, so that there is always one under way."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

_POLL_S = 0.3
_TIMEOUT_S = 20.0
_STRATEGIES = ("random", "random", "embedding")


def request_of(number: int, seed: int) -> dict[str, Any]:
    """Returns the body of a job: tiny networks on digits, every second one with one worker."""
    return {
        "name": f"job {number}",
        "teacher": {"network": "zoo/resnet20"},
        "dataset": {"name": "digits"},
        "search": {
            "strategy": _STRATEGIES[number % len(_STRATEGIES)],
            "kernels": 1,
            "evaluations": 6,
            "parallel": 1 + number % 2,
            "seed": 1000 * seed + number,
        },
        "training": {
            "teacher_epochs": 2,
            "search_epochs": 2,
            "final_epochs": 2,
            "final_students": 1,
        },
    }


@dataclass
class Load:
    """Submits jobs over HTTP in a thread of its own, and waits for each before the next.

    Attributes:
        ids: of the jobs submitted, in their order.
        is_last: set it to have no further job submitted.
        ended: set when the last one has ended.
    """

    url: str
    seed: int
    ids: list[str] = field(default_factory=list)
    is_last: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Begins with the first job."""
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while not self.is_last.is_set():
            self.ids.append(self._submit(len(self.ids)))
            while self._state(self.ids[-1]) not in ("succeeded", "failed", "cancelled"):
                time.sleep(_POLL_S)
        self.ended.set()

    def _submit(self, number: int) -> str:
        """Submits a job until it is there; one whose answer got lost is known by its name."""
        body = request_of(number, self.seed)
        while True:
            found = self._ask("GET", "/v1/jobs")
            if found is not None:
                same = [job["id"] for job in found["items"] if job["name"] == body["name"]]
                answer = {"id": same[0]} if same else self._ask("POST", "/v1/jobs", json=body)
                if answer is not None:
                    return str(answer["id"])
            time.sleep(_POLL_S)

    def _state(self, job_id: str) -> str | None:
        answer = self._ask("GET", f"/v1/jobs/{job_id}")
        return None if answer is None else str(answer["state"])

    def _ask(self, method: str, path: str, **content: Any) -> dict[str, Any] | None:  # noqa: ANN401
        """Returns the answer; None if none came, or an error of the server's."""
        try:
            answer = httpx.request(method, self.url + path, timeout=_TIMEOUT_S, **content)
        except httpx.TransportError:
            return None
        if answer.status_code >= 500:
            return None
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found
