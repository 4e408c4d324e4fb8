"""Our search, random search and AdaPruner on CIFAR-10, by the real product in equal wall time.

ResNet-20 is trained once, for all jobs, on the images that they train on. Every job gets a server
of its own with an empty home, so that none takes over the trials of another; it is given the same
objective `score` and at most a quarter of the parameters, both cores, and a final training of one
student. A search has a number of minutes since its job began, after which no further trial starts.
AdaPruner has no search: its one network is trained for as many epochs as its whole job may take
the time that a search's whole job took, in the mean of the seed's two. What an epoch takes is told
by the seed's embedding search, whose first trial is this network, and by the teacher's logits,
timed on some images; from the second seed on also by how long AdaPruner really took. What a search
needs is counted from where its first trial could start.

    python -m benchmarks.cifar --cifar FOLDER [--seeds 3] [--minutes 4] [--plot FILE]

FOLDER has `train-20k.npz` and `test-5k.npz`. Every job is a line of the log, and a benchmark that
was cut goes on from it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.cifar.comparison import result, text
from benchmarks.cifar.requests import Limits
from benchmarks.cifar.runs import METHODS, Key, Run, read_runs
from benchmarks.cifar.schedule import Plan, missing
from benchmarks.cifar.subject import make_subject
from benchmarks.search.log import append_line
from benchmarks.search.options import positive
from benchmarks.search.report import processor
from benchmarks.search.resumed import note


def main(arguments: Sequence[str] | None = None) -> int:
    """Does what the log doesn't have yet and prints the result; returns the exit code."""
    options = _options(arguments)
    began = time.monotonic()
    limits = Limits(60 * options.minutes, options.search_epochs, options.final_epochs)
    with TemporaryDirectory(prefix="stillhouse-bench-") as folder:
        sizes = (options.images, options.teacher_epochs)
        try:
            subject = make_subject(options.cifar, Path(folder), options.teacher, sizes)
            setting = subject.setting(limits)
            runs = read_runs(options.log, setting)
        except (OSError, ValueError) as error:
            print(error, file=sys.stderr)
            return 2
        note(f"the teacher is there after {time.monotonic() - began:.0f} s")
        for run in missing(Plan(subject, limits, setting), options.seeds, runs):
            append_line(options.log, run.to_json())
            runs[run.key] = run
            note(_line(run))
    wanted = [Key(seed, method) for seed in range(options.seeds) for method in METHODS]
    found = {key: runs[key] for key in wanted if key in runs}
    if options.plot is not None and found:
        from benchmarks.cifar.plot import draw

        draw(found, options.plot)
    print(text(found))
    told = {"setting": setting, "limits": asdict(limits), "images": options.images}
    told["seconds"] = round(time.monotonic() - began, 1)
    print(f"RESULT {json.dumps({'benchmark': 'cifar'} | result(found) | told | _surroundings())}")
    return 0 if len(found) == len(wanted) else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.cifar",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--cifar", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--seeds", type=positive, default=3)
    parser.add_argument("--minutes", type=float, default=4.0, help="of a search")
    parser.add_argument("--images", type=positive, default=7000, help="a tenth of them validates")
    parser.add_argument("--search-epochs", type=positive, default=1, help="of each trial")
    parser.add_argument("--final-epochs", type=positive, default=3, help="of a search's student")
    parser.add_argument(
        "--teacher", type=Path, default=Path("cifar-teacher.safetensors"), help="made if absent"
    )
    parser.add_argument("--teacher-epochs", type=positive, default=15, help="if it is trained")
    parser.add_argument("--log", type=Path, default=Path("cifar.jsonl"))
    parser.add_argument("--plot", type=Path, help="a .png, .svg or .pdf of the searches")
    return parser.parse_args(arguments)


def _line(run: Run) -> str:
    return (
        f"{run.method}, seed {run.seed}: {len(run.trials)} trials, best {run.best:.4f}; after"
        f" {run.final_epochs} final epochs {run.final.score:.4f}, test accuracy"
        f" {run.final.test_accuracy:.4f}; prepared in {run.searching_s:.0f} s, searched"
        f" {run.search_s:.0f} s, {run.wall_s:.0f} s in all and {run.around_s:.0f} s before it"
    )


def _surroundings() -> dict[str, object]:
    return {
        "hardware": {"processor": processor(), "cores": os.cpu_count()},
        "load": os.getloadavg()[0],
        "versions": {x: version(x) for x in ("torch", "ray", "botorch", "numpy")}
        | {"python": platform.python_version()},
    }


if __name__ == "__main__":
    sys.exit(main())
