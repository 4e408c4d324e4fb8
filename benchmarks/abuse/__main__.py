"""Abuses the API while others go on asking: 10,000 requests made by chance, and bad connections.

    python -m benchmarks.abuse [--requests 10000] [--slow 100] [--cut 300]

Three in four requests are made by schemathesis of the API's own description, the others are bytes
that are no right request. Then come connections that send a byte every half second, that are
half-closed, and that are reset in the middle of a body, a download or a stream of events. A first
round of a quarter as much warms the server up, so that memory is compared after the same work.
The last line is `RESULT {json}`; the exit code is 1 if there was a 5xx or an answer missing, if the
API ended or lost a process, or if it holds over 5% more memory, or more files, than before. Needs
`.[dev]`.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections import Counter
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from app.garbage import EVERY_S
from benchmarks.abuse.honest import Waited, asking
from benchmarks.abuse.round import Amounts, Round, abuse
from benchmarks.abuse.server import Server, serving
from benchmarks.api.figures import percentiles
from benchmarks.hardware import processor

# Longer than any connection is kept that nobody uses, and until the next look for garbage.
_SETTLED_S = 5.0 + EVERY_S
_HONEST = 4
_MOST_MEMORY = 1.05
_MOST_COMPLAINTS = 5
_LIBRARIES = ("fastapi", "uvicorn", "httptools", "sqlalchemy", "schemathesis")


def main() -> int:
    """Runs the benchmark; returns the exit code."""
    arguments = _arguments()
    amounts = Amounts(arguments.requests, arguments.slow, arguments.cut, arguments.seed)
    with serving() as server:
        user = server.users[1]
        path = f"/v1/jobs/{user.jobs[0]}"
        with asking(server.port, user.key, path, _HONEST):
            abuse(server.target, replace(amounts, requests=amounts.requests // 4, seed=1))
        time.sleep(_SETTLED_S)
        before = server.holds()
        began = time.perf_counter()
        with asking(server.port, user.key, path, _HONEST) as honest:
            found = abuse(server.target, amounts)
        seconds = time.perf_counter() - began
        time.sleep(_SETTLED_S)
        result = _result(server, found, honest, before)
    result |= {
        "seconds": round(seconds),
        "asked": vars(arguments),
        "load_average": os.getloadavg(),
        "hardware": f"{os.cpu_count()} x {processor()}",
        "versions": {name: version(name) for name in _LIBRARIES}
        | {"python": platform.python_version()},
    }
    print("\nRESULT", json.dumps(result))
    return 0 if result["is_clean"] else 1


def _result(
    server: Server, found: Round, honest: Waited, before: dict[str, float]
) -> dict[str, Any]:
    is_alive = server.is_as_it_was()
    after = server.holds() if is_alive else {"mb": 0.0, "files": 0, "threads": 0}
    is_clean = (
        is_alive
        and not found.server_errors
        and not found.unanswered
        and not honest.errors
        and not server.complaints
        and after["mb"] <= before["mb"] * _MOST_MEMORY
        and after["files"] <= before["files"]
    )
    return {
        "is_clean": is_clean,
        "requests": sum(found.described.values()) + found.malformed.number,
        "server_errors": found.server_errors,
        "unanswered": found.unanswered,
        "ended": not is_alive,
        "complaints": dict(Counter(server.complaints).most_common(_MOST_COMPLAINTS)),
        "before": before,
        "after": after,
        "memory_ratio": round(after["mb"] / before["mb"], 3),
        "honest": percentiles(honest.took_ms) | {"errors": dict(honest.errors)},
        **found.told(),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.abuse",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--slow", type=int, default=100, help="connections of each of three kinds")
    parser.add_argument("--cut", type=int, default=300, help="connections of each of three kinds")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
