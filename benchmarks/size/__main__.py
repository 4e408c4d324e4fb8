"""How quickly the API answers and a coordinator steps with 100,000 trials of 10,000 jobs.

One job has 5,000 of the trials; it is the one that is asked for. Fills an SQLite file and a
PostgreSQL of its own, starts the API on each as a process, asks it one question after the other,
and times what a coordinator reads and writes for one trial. Prints a table and a line
`RESULT {json}` for each database.
"""

import argparse
import json
import os
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from app.database import Database
from benchmarks.api_process import running_api
from benchmarks.size.asking import ask, questions
from benchmarks.size.databases import KINDS, new_database
from benchmarks.size.filling import fill
from benchmarks.size.steps import steps


def main() -> None:
    arguments = _arguments()
    for kind in arguments.databases:
        with new_database(kind) as url, TemporaryDirectory(prefix="stillhouse-bench-") as home:
            _measure(kind, url, Path(home), arguments)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--databases", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--trials", type=int, default=100_000)
    parser.add_argument("--longest", type=int, default=5_000, help="trials of the longest job")
    parser.add_argument("--times", type=int, default=300, help="that each thing is done")
    return parser.parse_args()


def _measure(kind: str, url: str, home: Path, arguments: argparse.Namespace) -> None:
    database = Database(url)
    database.upgrade()
    began = time.perf_counter()
    filled = fill(database, arguments.jobs, arguments.trials, arguments.longest)
    print(f"{kind}: filled in {time.perf_counter() - began:.1f} s")
    environment = os.environ | {
        "STILLHOUSE_HOME": str(home),
        "STILLHOUSE_PORT": "0",
        "STILLHOUSE_DATABASE_URL": url,
    }
    with running_api(environment) as (_, address, _):
        asked = {
            name: ask(address, path, arguments.times) for name, path in questions(filled).items()
        }
    stepped = steps(database, filled, arguments.times)
    database.close()
    result = {name: _percentiles(took_ms) for name, took_ms in (asked | stepped).items()}
    for name, found in result.items():
        print(f"{name:>24}  " + "  ".join(f"{key} {value:8.2f}" for key, value in found.items()))
    about = {"database": kind, "jobs": arguments.jobs, "trials": arguments.trials}
    print("RESULT", json.dumps({**about, "times": arguments.times, **result}), flush=True)


def _percentiles(took_ms: list[float]) -> dict[str, float]:
    """Returns the median, the 99th percentile and the longest, in milliseconds."""
    cuts = statistics.quantiles(took_ms, n=100)
    found = {"p50_ms": cuts[49], "p99_ms": cuts[98], "max_ms": max(took_ms)}
    return {name: round(value, 2) for name, value in found.items()}


if __name__ == "__main__":
    main()
