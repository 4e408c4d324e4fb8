"""How much sooner two workers have done what one does, for real and on this machine.

The same trials of the digits, drawn at random by one seed and each trained on one processor from
its first epoch to its last, are searched with one trial at a time and with two, in turn. Every job
gets a server of its own with an empty home, so that none takes over the trials of another. The time
is that on record between the start of the first trial and the end of the last one. Prints a line
`RESULT {json}` with the ratio of each pair, and their mean and standard error.

    python -m benchmarks.scale.two_workers [--pairs 3] [--trials 12] [--epochs 20]
"""

import argparse
import json
import os
import statistics
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import func, select

from app.database import Database
from app.tables import Trial
from benchmarks.cifar.served_job import served
from benchmarks.search.report import processor
from benchmarks.search.resumed import note
from stillhouse.documents import Document
from stillhouse.following import follow


def main() -> None:
    options = _options()
    pairs: list[tuple[float, float]] = []
    loads: list[float] = []
    for number in range(options.pairs):
        loads.append(round(os.getloadavg()[0], 1))
        # Which one is first changes from pair to pair.
        order = (1, 2) if number % 2 == 0 else (2, 1)
        took_s = {parallel: _search_s(_request(parallel, options)) for parallel in order}
        pairs.append((took_s[1], took_s[2]))
        note(f"pair {number}: {took_s[1]:.1f} s with one worker, {took_s[2]:.1f} s with two")
    ratios = [one / two for one, two in pairs]
    error = statistics.stdev(ratios) / len(ratios) ** 0.5 if len(ratios) > 1 else None
    result = {
        **vars(options),
        "speed_up": round(statistics.mean(ratios), 3),
        "standard_error": None if error is None else round(error, 3),
        "one_s": [round(one, 1) for one, _ in pairs],
        "two_s": [round(two, 1) for _, two in pairs],
        "load_before": loads,
        "cpus": os.cpu_count(),
        "processor": processor(),
    }
    print("RESULT", json.dumps(result), flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--trials", type=int, default=12, help="of each job")
    parser.add_argument("--epochs", type=int, default=20, help="of each trial")
    return parser.parse_args()


def _request(parallel: int, options: argparse.Namespace) -> Document:
    return {
        "teacher": {"network": "zoo/resnet20"},
        "dataset": {"name": "digits"},
        "resources": {"cpus": 1},
        "training": {
            "teacher_epochs": 3,
            "search_epochs": options.epochs,
            "final_epochs": 1,
            "final_students": 1,
        },
        "search": {
            "strategy": "random",
            "evaluations": options.trials,
            "parallel": parallel,
            "stopping": "none",
        },
    }


def _search_s(request: Document) -> float:
    """Returns the seconds from the start of a job's first trial to the end of its last one."""
    with TemporaryDirectory(prefix="stillhouse-bench-") as home:
        with served(Path(home)) as (client, supervisor):
            job = client.submit(request)
            for _ in follow(job, supervisor.watch):
                pass
            job.require_success()
        database = Database(f"sqlite:///{home}/stillhouse.db")
        with database.read() as session:
            times = select(func.min(Trial.started_at), func.max(Trial.finished_at))
            started_at, finished_at = session.execute(times).one()
        database.close()
    assert started_at is not None
    assert finished_at is not None
    return float((finished_at - started_at).total_seconds())


if __name__ == "__main__":
    main()
