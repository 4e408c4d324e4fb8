"""AdaPruner's widths and its choice of weights beside uniform widths with L1, on CIFAR-10.

ResNet-20 at half the MACs. The teacher is trained with L1 on its batch norms' scales. Students of
two structures are distilled from it in the same way: AdaPruner's widths, with the channels that
each criterion of the bank keeps, and uniform widths with those that L1 keeps. AdaPruner's student
is the one whose criterion was the best before training, on training images: the paper's rule (a
job keeps L1 unless another is better by more than chance). The teacher is one,
what a seed changes is the training and the images that criteria are compared on.

    python -m benchmarks.adapruner --cifar FOLDER [--seeds 3] [--images 6000]

FOLDER has `train-20k.npz` and `test-5k.npz`. Every student is a line of the log, and a benchmark
that was cut goes on from it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.stats import spearmanr

import networks
from benchmarks.inherit.subject import Sizes, Subject, load_cifar, make_subject
from benchmarks.search.resumed import note
from embedding import derive_seed
from networks import Edits, budget_widths, scale_importance
from workers.distillation import Distillation, distillation_loss
from workers.inheriting import Attempt, attempts
from workers.measuring import measure
from workers.precision import Precision
from workers.teacher import teacher_logits
from workers.training import Recipe, Training
from workers.trial import SEARCH_RATE

MACS = 0.5  # of the teacher's
LOSS = Distillation("mse", 4.0)
LEAST_RANKED = 4  # choices of channels, for their ranks to mean anything


class Key(NamedTuple):
    """One student: `uniform` or `adapruner` widths, and the first criterion that chose so."""

    seed: int
    widths: str
    criterion: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Trains what the log doesn't have and prints the result; returns the exit code."""
    torch.set_num_threads(1)
    options = _options(arguments)
    sizes = Sizes(
        options.teacher_epochs,
        options.epochs,
        options.images,
        options.measured,
        options.gamma_l1,
    )
    subject = make_subject(load_cifar(options.cifar), options.teacher, sizes)
    logits = teacher_logits(subject.data, subject.teacher, options.epochs)
    subject = replace(subject, teacher=replace(subject.teacher, logits=logits))
    structures = _structures(subject)
    done = _read(options.log, subject.setting)
    for ranked in (False, True):  # what is compared first, then the other criteria
        for seed in range(options.seeds):
            for key, attempt, edits in _students(subject, structures, seed, ranked):
                if key not in done:
                    done[key] = _accuracies(subject, seed, attempt, edits, options.epochs)
                    _append(options.log, {"setting": subject.setting, **key._asdict(), **done[key]})
                    note(f"{key} {done[key]}")
    print("RESULT " + json.dumps({"images": options.images, **summary(done)}))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.adapruner",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--cifar", type=Path, required=True, help="a folder with both npz files")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--images", type=int, default=6000, help="that students learn from; 0: all")
    parser.add_argument("--measured", type=int, default=0, help="validation images; 0: all")
    parser.add_argument("--epochs", type=int, default=5, help="of each student")
    parser.add_argument(
        "--teacher", type=Path, default=Path("adapruner-teacher.safetensors"), help="kept here"
    )
    parser.add_argument("--teacher-epochs", type=int, default=12, help="if it is trained")
    parser.add_argument("--gamma-l1", type=float, default=1e-3, help="if it is trained")
    parser.add_argument("--log", type=Path, default=Path("adapruner.jsonl"))
    return parser.parse_args(arguments)


def _structures(subject: Subject) -> dict[str, Edits]:
    """Returns both structures' edits, by name."""
    space, data = subject.space, subject.data
    most = MACS * int(space.costs(space.teacher()).macs)
    importance = scale_importance(space, subject.teacher.tensors())
    found = {}
    for name, each in (("uniform", torch.ones_like(importance)), ("adapruner", importance)):
        edits = budget_widths(space, each, lambda costs: costs.macs <= most)
        assert edits is not None
        found[name] = edits
        macs = int(space.costs(space.candidates([edits])).macs) / most * MACS
        note(f"{name}: {macs:.4f} of the MACs, widths {list(edits.widths.values())}")
    accuracy = measure(subject.teacher.module(), data.validation, data.preprocessing)
    note(f"importance {[round(x, 3) for x in importance.tolist()]}; teacher {accuracy:.4f}")
    return found


def _students(
    subject: Subject, structures: Mapping[str, Edits], seed: int, ranked: bool
) -> Iterator[tuple[Key, Attempt, Edits]]:
    """Yields a seed's students: uniform and AdaPruner's widths with L1, and AdaPruner's choice.

    If `ranked`, all other choices of channels at AdaPruner's widths, too.
    """
    for name, edits in structures.items():
        draws = derive_seed(seed, "choice", 0)
        tried = attempts(subject.data, subject.teacher, edits.to_json(), draws)
        chosen = max(tried, key=lambda attempt: attempt.accuracy)
        for attempt in tried:
            of_l1 = "l1" in attempt.criteria
            if of_l1 or (name == "adapruner" and (ranked or attempt is chosen)):
                yield Key(seed, name, attempt.criteria[0]), attempt, edits


def _accuracies(
    subject: Subject, seed: int, attempt: Attempt, edits: Edits, epochs: int
) -> dict[str, float]:
    """Returns the accuracy before training, as AdaPruner sees it, and on validation after it."""
    teacher, data = subject.teacher, subject.data
    module = networks.build(subject.space.student(edits), attempt.weights)
    draws = derive_seed(seed, "student", 0)
    recipe = Recipe(epochs, SEARCH_RATE, draws, teacher.precision, views=teacher.views)
    training = Training(module, data, recipe, distillation_loss(teacher, LOSS))
    while training.epoch < recipe.epochs:
        training.run_epoch()
    plain = Precision().place(training.trained)
    return {
        "before": attempt.accuracy,
        "after": measure(plain, data.validation, data.preprocessing),
    }


def summary(done: Mapping[Key, Mapping[str, float]]) -> dict[str, object]:
    """Returns means and standard errors over seeds.

    `gain` is what AdaPruner's student is better than that of uniform widths and L1, `widths` what
    AdaPruner's widths with L1 are better, `rank` Spearman's correlation, over all choices at
    AdaPruner's widths, of the accuracies before and after training.
    """
    gains, widths, ranks, after = [], [], [], []
    for seed in sorted({key.seed for key in done}):
        rows = {key.criterion: row for key, row in done.items() if key[:2] == (seed, "adapruner")}
        uniform = next((done[key] for key in done if key[:2] == (seed, "uniform")), None)
        if not rows or uniform is None:
            continue
        chosen = max(rows.values(), key=lambda row: row["before"])
        after.append(chosen["after"])
        gains.append(chosen["after"] - uniform["after"])
        widths.append(rows["l1"]["after"] - uniform["after"])
        if len(rows) >= LEAST_RANKED:
            pairs = np.array([(row["before"], row["after"]) for row in rows.values()])
            ranks.append(float(spearmanr(pairs[:, 0], pairs[:, 1]).statistic))
    named = {"adapruner": after, "gain": gains, "widths": widths, "rank": ranks}
    return {name: _mean(values) for name, values in named.items()}


def _mean(values: Sequence[float]) -> dict[str, float]:
    """Returns how many there are, their mean and its standard error, as far as they have any."""
    found: dict[str, float] = {"n": len(values)}
    if values:
        found["mean"] = round(float(np.mean(values)), 4)
    if len(values) > 1:
        found["se"] = round(float(np.std(values, ddof=1)) / len(values) ** 0.5, 4)
    return found


def _read(log: Path, setting: str) -> dict[Key, dict[str, float]]:
    """Returns the students of a setting; a torn last line is passed over."""
    lines = log.read_text().split("\n") if log.exists() else []
    rows: list[dict[str, Any]] = [json.loads(line) for line in lines if line.endswith("}")]
    return {
        Key(row["seed"], row["widths"], row["criterion"]): {x: row[x] for x in ("before", "after")}
        for row in rows
        if row["setting"] == setting
    }


def _append(log: Path, row: Mapping[str, object]) -> None:
    """Adds a line; a torn one before it stays alone."""
    text = log.read_text() if log.exists() else ""
    between = "\n" if text and not text.endswith("\n") else ""
    with log.open("a") as file:
        file.write(f"{between}{json.dumps(row)}\n")


if __name__ == "__main__":
    sys.exit(main())
