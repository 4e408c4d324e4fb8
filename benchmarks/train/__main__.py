"""Images a second of a trial's training, beside the limit and beside what people write.

The limit is forward and backward over one preloaded batch in the fastest number type and layout.
What people write is a float32 loop with torchvision's transforms for each image and the teacher's
forward in every batch. The three take turns, and ratios are of one round: of wall time, and of the
process's CPU time, which other programs on the machine disturb less. The teacher's logits, which a
job computes once for all of its trials, are timed apart.

    python -m benchmarks.train [--rounds 5] [--threads 1] [--cifar FOLDER]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path

import torch

from benchmarks.train.loops import bare_loop, plain_loop, trial_loop
from benchmarks.train.rounds import CLOCKS, Mean, interleave, ratio
from benchmarks.train.subjects import ROUND_TO, Subject, space_of, subjects, training_data
from networks import Space
from workers.batches import batch_size
from workers.data import TrainingData
from workers.measuring import as_tensor
from workers.precision import available, choose_precision
from workers.teacher import Teacher, teacher_logits

IMAGES = 2560  # 20 batches of 128, which is an epoch
VIEWS = 2  # of the images, whose logits are known; a job has more, at the same cost a step
LIMIT, TRIAL, PLAIN = "limit", "trial", "plain"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints a table and a last line `RESULT {json}`; returns the exit code."""
    options = _options(arguments)
    torch.set_num_threads(options.threads)
    data = training_data(IMAGES, options.cifar)
    space, teacher = _teacher(data, options.teacher)
    before_s = time.process_time()
    teacher = replace(teacher, logits=teacher_logits(data, teacher, VIEWS))
    view_s = (time.process_time() - before_s) / VIEWS
    print(f"the teacher's logits: {IMAGES / view_s:.4g} images a second of CPU time, once a job")
    found = [_measured(subject, data, options) for subject in subjects(teacher, space)]
    result = {
        "benchmark": "train",
        "found": found,
        "teacher_logits_per_cpu_s": round(IMAGES / view_s, 1),
        "teacher": options.teacher,
        "images": "synthetic" if options.cifar is None else "CIFAR-10",
        "batch": batch_size(IMAGES),
        "threads": options.threads,
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "processor": _processor(),
        "versions": {x: version(x) for x in ("torch", "torchvision")}
        | {"python": platform.python_version()},
    }
    print(f"RESULT {json.dumps(result)}")
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.train", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--teacher", default="zoo/resnet20")
    parser.add_argument("--steps", type=int, default=10, help="of the bare loop in a round")
    parser.add_argument("--plain-steps", type=int, default=4, help="of the plain loop in a round")
    parser.add_argument("--cifar", type=Path, help="a folder with CIFAR-10; else random images")
    return parser.parse_args(arguments)


def _teacher(data: TrainingData, name: str) -> tuple[Space, Teacher]:
    """Returns an untrained teacher, with the precision that is fastest for it."""
    space, weights = space_of(name)
    architecture = space.architecture.to_json()
    arrays = {name: tensor.numpy() for name, tensor in weights.items()}
    batch = data.preprocessing.apply(as_tensor(data.train.images[: batch_size(IMAGES)]))
    plain = Teacher(architecture, arrays, available()[0])
    precision = choose_precision(plain.module(), batch)
    teacher = Teacher(architecture, arrays, precision, ROUND_TO)
    return space, teacher


def _measured(
    subject: Subject, data: TrainingData, options: argparse.Namespace
) -> dict[str, object]:
    """Returns speeds and their ratios for one student, and prints them."""
    batch = data.preprocessing.apply(as_tensor(data.train.images[: batch_size(IMAGES)]))
    best = choose_precision(subject.module(), batch)
    loops = {
        LIMIT: bare_loop(subject, data, best, options.steps),
        TRIAL: trial_loop(subject, data, options.rounds + 1),
        PLAIN: plain_loop(subject, data, options.plain_steps),
    }
    speeds = interleave(loops, options.rounds)
    print(
        f"{subject.name}: {subject.params_ratio:.1%} of the teacher's parameters,"
        f" {subject.macs_ratio:.1%} of its MACs; trained in {subject.teacher.precision.name},"
        f" the limit in {best.name}"
    )
    told: dict[str, object] = {
        "student": subject.name,
        "params_ratio": round(subject.params_ratio, 4),
        "macs_ratio": round(subject.macs_ratio, 4),
        "precision": subject.teacher.precision.name,
        "limit_precision": best.name,
    }
    for clock in CLOCKS:
        images_per_s = {name: Mean.of(speeds[clock][name]) for name in loops}
        of_limit = ratio(speeds[clock], TRIAL, LIMIT)
        times_plain = ratio(speeds[clock], TRIAL, PLAIN)
        each = ", ".join(f"{name} {mean}" for name, mean in images_per_s.items())
        print(f"  {clock:>4} time: images a second: {each}")
        print(f"        {of_limit} of the limit, {times_plain} times the plain loop")
        told[clock] = {
            "images_per_s": {name: asdict(mean) for name, mean in images_per_s.items()},
            "of_limit": asdict(of_limit),
            "times_plain": asdict(times_plain),
        }
    return told


def _processor() -> str:
    """Returns the processor's name as the kernel tells it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((x.partition(": ")[2] for x in lines if x.startswith("model name")), "unknown")


if __name__ == "__main__":
    raise SystemExit(main())
