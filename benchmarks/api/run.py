"""One run: an installation is started, asked for a while beside its search, and taken down."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import select

from app.database import Database
from app.tables import Trial
from benchmarks.api.asking import Plan
from benchmarks.api.figures import percentiles
from benchmarks.api.floor import serving_floor
from benchmarks.api.installation import HOST, Installation, installed
from benchmarks.api.processes import asked, following
from benchmarks.api.streams import delays_ms
from benchmarks.api.usage import api_processes, cpu_s
from benchmarks.api_process import taken_mb

_WARM_UP_S = 10.0  # until all that is loaded or made once is there
_SETTLED_S = 5.0
_USERS = 8  # 25 requests a second each, half of what a key may ask
_BAR = 30


@dataclass(frozen=True)
class Load:
    """How much is asked, and for how long."""

    per_s: int
    seconds: int
    streams: int
    seed: int


def measure(load: Load, environment: dict[str, str]) -> dict[str, Any]:
    """Returns the figures of one run."""
    with TemporaryDirectory(prefix="load-", dir="/tmp") as folder:  # sockets' paths must be short
        home = Path(folder) / "home"
        with (
            serving_floor(f"{folder}/floor.db") as floor_port,
            installed(home, _USERS, environment) as place,
        ):
            plan = Plan(HOST, place.port, place.users, load.per_s, load.seconds, load.seed)
            return _under_load(place, replace(plan, floor_port=floor_port), load)


def _under_load(place: Installation, plan: Plan, load: Load) -> dict[str, Any]:
    api = api_processes(place.supervisor)
    warm_up = replace(plan, seconds=_WARM_UP_S, seed=plan.seed + 1_000_000, floor_port=None)
    asked(warm_up, _bar("warm-up", int(_WARM_UP_S), place, []))
    before_mb = taken_mb(api)
    streams = place.streams(load.streams)
    taken_by_second: list[float] = []
    with following(HOST, place.port, streams) as followers:
        trials, taken, began = place.trials(), cpu_s(place.supervisor), time.perf_counter()
        found, asker_s = asked(plan, _bar("asking", load.seconds, place, taken_by_second))
        seconds = time.perf_counter() - began
        used = {name: s - taken[name] for name, s in cpu_s(place.supervisor).items()}
        ended = {name: n - trials[name] for name, n in place.trials().items() if name != "running"}
        followers.end()
    place.supervisor.watch(_SETTLED_S)
    followed = followers.followed
    delays = delays_ms(followed.arrivals, _ends(place.database, place.live))
    asking = [one for kind, times in found.took_ms.items() if kind != "floor" for one in times]
    by_kind = {kind: percentiles(times) for kind, times in found.took_ms.items()}
    cores = {**used, "asking": asker_s, "following": followers.cpu_s}
    return {
        **percentiles(asking),
        "per_s": round(len(asking) / seconds, 1),
        "errors": dict(found.errors),
        "late_p99_ms": percentiles(found.late_ms)["p99_ms"],
        "statuses": {str(status): n for status, n in sorted(found.statuses.items())},
        "by_kind": by_kind,
        "status_to_floor": _to_floor(by_kind),
        "streams": followed.opened,
        "stream_errors": dict(followed.errors),
        "events": dict(followed.events),
        "event_delay": percentiles(delays) if delays else {},
        "api_cpu_ms_per_request": round(used["api"] * 1000 / len(asking), 2),
        "cores": {name: round(s / seconds, 3) for name, s in cores.items()},
        "api_mb": {
            "before": round(before_mb, 1),
            "most": round(max(taken_by_second), 1),
            "after": round(taken_mb(api), 1),
        },
        "api_processes": len(api),
        "api_restarted": api_processes(place.supervisor) != api,
        "trials_ended": ended,
        "connections": found.connections,
    }


def _to_floor(by_kind: dict[str, dict[str, float]]) -> dict[str, float]:
    """Returns how many times as long as the floor's answer a job's status took."""
    ours, least = by_kind["status"], by_kind["floor"]
    return {name: round(ours[name] / least[name], 2) for name in ("p50_ms", "p99_ms")}


def _ends(database: Database, job_id: str) -> dict[tuple[str, int], float]:
    """Returns when a job's trials ended, in seconds since the epoch."""
    with database.read() as session:
        rows = session.execute(
            select(Trial.number, Trial.finished_at).where(
                Trial.job_id == job_id, Trial.finished_at.is_not(None)
            )
        ).all()
    return {(job_id, number): at.timestamp() for number, at in rows if at is not None}


def _bar(
    what: str, seconds: int, place: Installation, taken_by_second: list[float]
) -> Callable[[int], None]:
    """Returns what is called each second: shows how far it is, and looks after the servers."""

    def tick(second: int) -> None:
        done = _BAR * second // seconds
        sys.stderr.write(f"\r{what} [{'#' * done:<{_BAR}}] {second} of {seconds} s ")
        if second >= seconds - 1:
            sys.stderr.write("\n")
        sys.stderr.flush()
        place.supervisor.check()
        taken_by_second.append(taken_mb(api_processes(place.supervisor)))

    return tick
