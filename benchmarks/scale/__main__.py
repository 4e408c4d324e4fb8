"""Whether coordinators keep 1,000 workers busy, on a virtual clock.

Twenty jobs, each with a coordinator of its own and 50 workers. The searches, their SQL and their
artifacts are real, and what they take of the clock counts; trials are not trained but last ten
minutes, more or less, and one in a hundred fails. Proposals are drawn at random and take as long
as those of a real search with 200 trials on record and 50 under way. Prints a line `RESULT {json}`;
workers count as idle while a coordinator has a trial left to start and has not started it.
"""

import argparse
import json
import logging
import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from app.artifacts import Artifacts
from app.database import Database
from benchmarks.scale.memory import Memory
from benchmarks.scale.simulated_pool import Trials
from benchmarks.scale.simulation import Outcome, Scale, simulate
from benchmarks.size.databases import KINDS, new_database
from networks import Space, network, trace


def main() -> None:
    arguments = _arguments()
    logging.getLogger("workers").setLevel(logging.ERROR)  # one trial in a hundred fails
    torch.set_num_threads(1)
    traced = trace(network("zoo/resnet20", 10, 1), torch.zeros(1, 1, 32, 32))
    space = Space(traced.architecture, 8)
    scale = Scale(
        jobs=arguments.jobs,
        evaluations=arguments.evaluations,
        parallel=arguments.workers // arguments.jobs,
        trials=Trials(mean_s=arguments.trial_s),
        fit_s=arguments.fit_s,
        proposal_s=arguments.proposal_s,
    )
    for kind in arguments.databases:
        with new_database(kind) as url, TemporaryDirectory(prefix="stillhouse-bench-") as home:
            database = Database(url)
            database.upgrade()
            memory, began = Memory(scale.jobs * scale.evaluations), time.perf_counter()
            artifacts = Artifacts(f"file://{Path(home)}")
            outcomes = simulate(database, artifacts, space, scale, memory.trial_begun)
            took_s = time.perf_counter() - began
            database.close()
        result = _result(outcomes, scale.parallel)
        about = {**vars(arguments), "databases": kind, "took_s": round(took_s, 1)}
        about |= {"load": round(os.getloadavg()[0], 1), "resident_mb": memory.resident_mb}
        print("RESULT", json.dumps({**about, **result}), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--databases", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--jobs", type=int, default=20)
    parser.add_argument("--workers", type=int, default=1000)
    parser.add_argument("--evaluations", type=int, default=200, help="of each job")
    parser.add_argument("--trial-s", type=float, default=600.0)
    parser.add_argument(
        "--fit-s", type=float, default=0.5, help="of fitting, once for a few trials"
    )
    parser.add_argument("--proposal-s", type=float, default=0.3, help="of each proposal beside it")
    return parser.parse_args()


def _result(outcomes: Sequence[Outcome], parallel: int) -> dict[str, float]:
    """Returns how busy the workers were while their jobs had trials to start, and the waits."""
    worked = sum(
        min(ended, one.all_sent_s) - begun for one in outcomes for begun, ended in one.busy
    )
    open_s = sum(one.all_sent_s * parallel for one in outcomes)
    waits = sorted(wait for one in outcomes for wait in _waits(one, parallel))
    steps = sum(len(one.busy) for one in outcomes)
    computed = sum(one.computed_s for one in outcomes)
    cuts = statistics.quantiles(waits, n=100)
    ends = [max(end for _, end in one.busy) for one in outcomes]
    total = sum(ended - begun for one in outcomes for begun, ended in one.busy)
    return {
        "utilisation": round(worked / open_s, 4),
        "with_last_trials": round(total / (sum(ends) * parallel), 4),
        "first_round_s": round(max(_first_round(one, parallel) for one in outcomes), 1),
        "wait_p50_s": round(cuts[49], 2),
        "wait_p99_s": round(cuts[98], 2),
        "coordinator_ms_per_trial": round(computed / steps * 1000, 1),
        "virtual_h": round(max(ends) / 3600, 2),
        "cpus": os.cpu_count() or 0,
    }


def _first_round(outcome: Outcome, parallel: int) -> float:
    """Returns when the last of a job's workers got its first trial."""
    return sorted(begun for begun, _ in outcome.busy)[parallel - 1]


def _waits(outcome: Outcome, parallel: int) -> list[float]:
    """Returns for each worker that had ended a trial how long it waited for the next one."""
    begun = sorted(start for start, _ in outcome.busy)[parallel:]
    ended = sorted(end for _, end in outcome.busy)
    return [start - end for start, end in zip(begun, ended, strict=False)]


if __name__ == "__main__":
    main()
