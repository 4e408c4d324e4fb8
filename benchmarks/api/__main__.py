"""How the API answers beside a search: a mix of requests, and many open streams of events.

    python -m benchmarks.api [--rate 200] [--seconds 60] [--streams 500] [--runs 1]

Starts a whole installation, as `stillhouse serve` does, with eight users, each with an API key and
jobs that ended before. A search of the first one's trains on both cores with the product's own
niceness; the others' jobs wait. Then the users ask, at random moments and whether or not earlier
answers have come: an answer's time counts from when its request was due. Settings are the defaults.
Prints figures by kind of request for each run, and a last line `RESULT {json}`; the exit code is 1
if there was an error or the 99th percentile was 50 ms or more.
"""

import argparse
import json
import os
import platform
import sys
from importlib.metadata import version
from typing import Any

from benchmarks.api.figures import mean_and_error, table
from benchmarks.api.run import Load, measure
from benchmarks.hardware import processor

_TARGET_MS = 50.0
_LIBRARIES = ("fastapi", "uvicorn", "httptools", "sqlalchemy", "pydantic", "ray", "torch")
_FIGURES = ("p50_ms", "p95_ms", "p99_ms", "max_ms", "api_cpu_ms_per_request")


def main() -> int:
    """Runs the benchmark; returns the exit code."""
    arguments = _arguments()
    runs = []
    for number in range(arguments.runs):
        load = Load(arguments.rate, arguments.seconds, arguments.streams, arguments.seed + number)
        runs.append(measure(load, {}))
        print(table(runs[-1]["by_kind"]))
        print(json.dumps(runs[-1]), flush=True)
    errors = sum(_errors(run) for run in runs)
    summary = {name: mean_and_error([run[name] for run in runs]) for name in _FIGURES}
    result = {
        **summary,
        "errors": errors,
        "requests": sum(run["n"] for run in runs),
        "runs": runs,
        "asked": vars(arguments),
        "load_average": os.getloadavg(),
        "hardware": f"{os.cpu_count()} x {processor()}",
        "versions": {name: version(name) for name in _LIBRARIES}
        | {"python": platform.python_version()},
    }
    print("RESULT", json.dumps(result))
    return 0 if not errors and summary["p99_ms"]["mean"] < _TARGET_MS else 1


def _errors(run: dict[str, Any]) -> int:
    """Returns how many requests and streams of a run came to no good end."""
    ended_badly = [*run["errors"].values(), *run["stream_errors"].values()]
    return sum(map(int, ended_badly)) + int(run["api_restarted"])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.api",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rate", type=int, default=200, help="requests a second")
    parser.add_argument("--seconds", type=int, default=60, help="for which is asked")
    parser.add_argument("--streams", type=int, default=500, help="of events, open all the while")
    parser.add_argument("--runs", type=int, default=1, help="each with an installation of its own")
    parser.add_argument("--seed", type=int, default=0, help="of what is asked and when")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
