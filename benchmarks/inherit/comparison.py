"""The rows of one student: each criterion's channels tried, then trained."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from torch import nn

import networks
from benchmarks.inherit.rows import Row
from benchmarks.inherit.subject import Subject
from embedding import derive_seed
from networks import Edits
from networks.importance import Criterion
from workers.distillation import Distillation, distillation_loss
from workers.inheriting import Attempt, attempts
from workers.measuring import measure
from workers.precision import Precision
from workers.training import Recipe, Training
from workers.trial import SEARCH_RATE

LOSS = Distillation("mse", 4.0)
BASELINE: Criterion = "l1"  # measured with the teacher's statistics, too


@dataclass(frozen=True)
class Student:
    """A candidate to compare the criteria on.

    Attributes:
        ratio: of the teacher's MACs that it was drawn for.
        number: among those of the ratio.
    """

    ratio: float
    number: int
    edits: Edits


@dataclass(frozen=True)
class Start:
    """A student's first weights, and their row without an accuracy yet."""

    attempt: Attempt
    row: Row


def starts(subject: Subject, student: Student) -> list[Start]:
    """Returns the different choices of channels, that of the baseline a second time as it is."""
    began = time.process_time()
    tried = attempts(subject.data, subject.teacher, student.edits.to_json(), _seed(student))
    choose_s = time.process_time() - began
    assert subject.teacher.importances is not None  # `make_subject` computed them
    importance = subject.teacher.importances[BASELINE]
    tensors = subject.teacher.tensors()
    sliced = networks.inherit(subject.space, student.edits, tensors, importance)
    row = Row(
        setting=subject.setting,
        ratio=student.ratio,
        candidate=student.number,
        criteria=(BASELINE,),
        recomputed=False,
        seen=None,
        seen_on=tried[0].images,
        accuracy={},
        choose_s=round(choose_s, 2),
    )
    found = [Start(Attempt((BASELINE,), sliced, 0.0, tried[0].images), row)]
    for attempt in tried:
        told = replace(row, criteria=attempt.criteria, recomputed=True, seen=attempt.accuracy)
        found.append(Start(attempt, told))
    return found


def measured(subject: Subject, student: Student, start: Start) -> Row:
    """Returns the row of a start before its training."""
    module = _module(subject, student, start.attempt)
    accuracy = measure(module, subject.data.validation, subject.data.preprocessing)
    return replace(start.row, accuracy={"0": accuracy})


def trained(subject: Subject, student: Student, start: Start, epochs: int) -> Row:
    """Returns the row of a start that is distilled, as a trial does it."""
    module, data = _module(subject, student, start.attempt), subject.data
    recipe = Recipe(epochs, SEARCH_RATE, _seed(student), subject.teacher.precision)
    loss = distillation_loss(subject.teacher, LOSS)
    training = Training(module, data, recipe, loss)
    accuracy = dict(measured(subject, student, start).accuracy)
    train_s = 0.0
    for epoch in range(1, epochs + 1):
        began = time.process_time()
        training.run_epoch()
        train_s += time.process_time() - began
        if epoch in {1, epochs}:
            accuracy[str(epoch)] = measure(module, data.validation, data.preprocessing)
    return replace(start.row, accuracy=accuracy, train_s=round(train_s, 2))


def _module(subject: Subject, student: Student, attempt: Attempt) -> nn.Module:
    architecture = subject.space.student(student.edits)
    return Precision().place(networks.build(architecture, attempt.weights)).eval()


def _seed(student: Student) -> int:
    return derive_seed(student.number, "trial", 0)
