"""Whether stopping hopeless trials saves time: learning curves, successive halving, or neither.

The curves of random students of ResNet-20, trained on a part of CIFAR-10, are recorded once; then
each policy is replayed on them in random orders, one trial at a time, by the seconds of the
processor that the trainings took. A policy that stops the best student never reaches its score: it
is charged the time of training all students to the end.

    python -m benchmarks.stopping --cifar FOLDER [--seeds 100]

Every student is a line of the log, and a benchmark that was cut goes on from it.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

from benchmarks.stopping_curves import Recorded, Setting, record
from benchmarks.stopping_policies import POLICIES, Replay, replay
from workers.stopping import CHANCE


def main(arguments: Sequence[str] | None = None) -> int:
    """Records what the log doesn't have, replays, and prints the table; returns the exit code."""
    options = _options(arguments)
    torch.set_num_threads(1)
    setting = Setting(
        options.images, options.images // 2, options.students, options.epochs, 2 * options.epochs
    )
    try:
        students = list(record(options.cifar, setting, options.log))
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    _report(students, setting, replays(students, options.seeds))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.stopping",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--cifar", type=Path, required=True, help="has train-20k.npz")
    parser.add_argument("--seeds", type=int, default=100, help="orders of the students")
    parser.add_argument(
        "--images", type=int, default=2000, help="to train on; half of it validates"
    )
    parser.add_argument("--students", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--log", type=Path, default=Path("stopping.jsonl"))
    return parser.parse_args(arguments)


def replays(students: Sequence[Recorded], seeds: int) -> dict[str, list[Replay]]:
    """Returns what each policy does with the students in as many orders."""
    found: dict[str, list[Replay]] = {name: [] for name in POLICIES}
    for seed in range(seeds):
        order = np.random.default_rng(seed).permutation(len(students))
        shuffled = [students[row] for row in order]
        for name, policy in POLICIES.items():
            found[name].append(replay(policy(), shuffled))
    return found


def reaching_s(found: Replay, whole: Replay) -> float:
    """Returns the seconds to the best score of all, or those of training all if it was missed."""
    return found.best_s if found.best == whole.best else whole.total_s


def _report(students: Sequence[Recorded], setting: Setting, found: dict[str, list[Replay]]) -> None:
    whole = found["none"]
    rows = {name: _row(some, whole) for name, some in found.items()}
    seeds = len(whole)
    print(
        f"{len(students)} students of ResNet-20, {setting.epochs} epochs on {setting.train} images,"
        f" {seeds} orders (mean ± standard error over orders):"
    )
    for name, row in rows.items():
        best_s, best_error = row["best_s"]
        total_s, total_error = row["total_s"]
        reached = row["reached"][0]
        print(
            f"  {name:8} best score after {best_s:6.1f} ± {best_error:.1f} s, all after"
            f" {total_s:6.1f} ± {total_error:.1f} s, the best one reached in {reached:.0%}"
        )
    result = {
        "benchmark": "stopping",
        "policies": rows,
        "orders": seeds,
        "chance": CHANCE,
        "students": len(students),
        "epochs": setting.epochs,
        "images": setting.train,
        "threads": torch.get_num_threads(),
        "versions": {"torch": version("torch"), "python": platform.python_version()},
    }
    print(f"RESULT {json.dumps(result)}")


def _row(some: Sequence[Replay], whole: Sequence[Replay]) -> dict[str, tuple[float, float]]:
    """Returns a policy's figures against training all to the end, each with its standard error."""
    pairs = list(zip(some, whole, strict=True))
    return {
        "best_s": _mean([reaching_s(mine, all_) for mine, all_ in pairs]),
        "total_s": _mean([mine.total_s for mine in some]),
        "share_of_time": _mean([mine.total_s / all_.total_s for mine, all_ in pairs]),
        "reached": _mean([float(mine.best == all_.best) for mine, all_ in pairs]),
        "regret": _mean([all_.best - mine.best for mine, all_ in pairs]),
    }


def _mean(values: Sequence[float]) -> tuple[float, float]:
    """Returns mean and standard error."""
    error = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else float("nan")
    return round(statistics.mean(values), 4), round(error, 4)


if __name__ == "__main__":
    sys.exit(main())
