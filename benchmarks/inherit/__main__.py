"""Compares the criteria by which a student inherits channels, on CIFAR-10's ResNet-20.

    python -m benchmarks.inherit --cifar FOLDER [--candidates 10] [--images 5000] [--log FILE]

FOLDER has `train-20k.npz` and `test-5k.npz`. Of random students of some sizes the accuracy on
validation is taken straight after inheritance, with the batch norms' statistics recomputed, and
after the first and the last epoch of one distillation. `adaptive` is the criterion that is the best
before training on a few training images. Every measurement is a line of the log, and a benchmark
that was cut goes on from it. What matters most is done first: student by student the training of
`adaptive` and of L1, then that of all the rest.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import torch

from benchmarks.inherit.report import Report
from benchmarks.inherit.rows import append_row, read_rows
from benchmarks.inherit.schedule import missing
from benchmarks.inherit.subject import Sizes, Subject, load_cifar, make_subject
from workers.inheriting import teacher_importances
from workers.measuring import measure

TEACHER = Path("inherit-teacher.safetensors")
LOG = Path("inherit.jsonl")


def main(arguments: Sequence[str] | None = None) -> int:
    """Does what the log doesn't have yet and prints the result; returns the exit code."""
    options = _options(arguments)
    torch.set_num_threads(1)
    sizes = Sizes(options.teacher_epochs, options.epochs, options.images, options.measured)
    subject = make_subject(load_cifar(options.cifar), options.teacher, sizes)
    rows = read_rows(options.log, subject.setting)
    until = None if options.minutes is None else time.monotonic() + 60 * options.minutes
    for row in missing(subject, rows, options.candidates, options.epochs):
        append_row(options.log, row)
        if until is not None and time.monotonic() > until:
            break
    rows = read_rows(options.log, subject.setting)
    report = Report(list(rows.values()), options.epochs)
    print(report.text(), flush=True)
    line = report.result() | _surroundings(subject)
    print(f"\nRESULT {json.dumps(line, allow_nan=False)}")
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.inherit",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--cifar", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--candidates", type=int, default=10, help="students of each size")
    parser.add_argument("--epochs", type=int, default=5, help="of distillation")
    parser.add_argument("--images", type=int, default=0, help="distilled on; default: all")
    parser.add_argument("--measured", type=int, default=0, help="validation images; default: all")
    parser.add_argument("--teacher", type=Path, default=TEACHER, help="made if it isn't there")
    parser.add_argument("--teacher-epochs", type=int, default=10)
    parser.add_argument("--log", type=Path, default=LOG)
    parser.add_argument("--minutes", type=float, help="nothing new is begun after them")
    return parser.parse_args(arguments)


def _surroundings(subject: Subject) -> dict[str, object]:
    data, teacher = subject.data, subject.teacher
    began = time.process_time()
    teacher_importances(data, teacher)
    importances_s = time.process_time() - began
    accuracy = measure(teacher.module(), data.validation, data.preprocessing)
    return {
        "importances_s": round(importances_s, 2),
        "teacher_accuracy": round(accuracy, 4),
        "images": len(data.train),
        "measured": len(data.validation),
        "precision": teacher.precision.name,
        "threads": 1,
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "machine": platform.machine(),
        "versions": {"python": platform.python_version(), "torch": version("torch")},
    }


if __name__ == "__main__":
    sys.exit(main())
