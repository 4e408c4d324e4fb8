"""What a coordinator reads and writes in one step of the longest search, timed part by part."""

import time
from collections.abc import Callable
from dataclasses import replace

from app.database import Database
from app.job_writer import JobWriter
from app.jobs import get_command
from app.leases import Lease, claim, release, renew
from app.records import NewTrial, TrialResult
from app.trials import find_trained
from benchmarks.size.filling import RECIPE, Filled
from workers.known_trials import KnownTrials

_LEASE_S = 3600.0
_RESULT = TrialResult(0.9, 0.9, 5, 12.5, "key", (0.5, 0.6, 0.7, 0.8, 0.9))


def steps(database: Database, filled: Filled, times: int) -> dict[str, list[float]]:
    """Returns the milliseconds of each part by its name; `step` is all that one trial costs."""
    took_ms: dict[str, list[float]] = {}
    lease = _hold(database, filled.longest)
    writer = JobWriter(database, lease)

    def timed(name: str, part: Callable[[], object]) -> float:
        began = time.perf_counter()
        part()
        milliseconds = (time.perf_counter() - began) * 1000
        took_ms.setdefault(name, []).append(milliseconds)
        return milliseconds

    def command() -> None:
        with database.read() as session:
            get_command(session, filled.longest)

    def known(new: NewTrial) -> None:
        with database.read() as session:
            find_trained(session, filled.longest, "another recipe", [new.hash])

    trials = KnownTrials(database, filled.longest)
    first = len(trials.read())
    for number in range(first, first + times):
        new = NewTrial(number, f"hash {number}", {"widths": {"a": 1}}, 10, 10, 10, 1)
        new = replace(new, recipe_hash=RECIPE)
        parts: list[tuple[str, Callable[[], object]]] = [
            ("read for the settled", trials.read),
            ("record the settled", lambda: writer.trial_completed(number - 2, _RESULT)),  # noqa: B023
            ("read for the next", trials.read),
            ("record a proposal", lambda: writer.add_trials([new], "key")),  # noqa: B023
            ("look for known", lambda: known(new)),  # noqa: B023
            ("record the start", lambda: writer.trial_started(number)),  # noqa: B023
            ("read the command", command),
        ]
        took_ms.setdefault("step", []).append(sum(timed(*part) for part in parts))
        timed("renew", lambda: renew(database, lease, _LEASE_S))
    for _ in range(times):
        held: list[Lease | None] = []
        timed("claim", lambda: held.append(claim(database, "benchmark", _LEASE_S)))  # noqa: B023
        assert held[0] is not None
        release(database, held[0])
    release(database, lease)
    return took_ms


def _hold(database: Database, job_id: str) -> Lease:
    """Returns a lease on the job; those that are claimed before it are let go again."""
    others = []
    while (lease := claim(database, "benchmark", _LEASE_S)) is not None:
        if lease.job_id == job_id:
            break
        others.append(lease)
    for other in others:
        release(database, other)
    assert lease is not None
    return lease
