"""For how many epochs AdaPruner's one network is trained, so that its job takes a search's time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch

from app.requests import JobRequest
from benchmarks.cifar.runs import Run
from benchmarks.cifar.subject import Subject
from benchmarks.inherit.subject import CLASSES
from workers.data import Labelled, TrainingData
from workers.precision import Precision
from workers.teacher import Teacher, teacher_logits, weights_arrays
from workers.views import view_count

TIMED_IMAGES = 1024
MOST_EPOCHS = 300


@dataclass(frozen=True)
class Pace:
    """What a job by AdaPruner takes: `base_s + epochs * epoch_s + views * view_s` seconds.

    Attributes:
        base_s: of all but the final training and the teacher's logits.
        epoch_s: of an epoch of the final training.
        view_s: of the teacher's logits of one view of the training split.
        slowness: by which earlier jobs took longer than was expected so.
    """

    base_s: float
    epoch_s: float
    view_s: float
    slowness: float = 1.0

    def job_s(self, epochs: int, views: int) -> float:
        """Returns the seconds that are expected of a job."""
        return self.slowness * (self.base_s + epochs * self.epoch_s + views * self.view_s)


def pace_of(run: Run, view_s: float, earlier: Sequence[Run]) -> Pace:
    """Returns AdaPruner's pace, as far as an embedding search tells it.

    That search's first trial is AdaPruner's network: by what it took beside the best trial, whose
    student had the final training, an epoch of that training is converted.

    Args:
        run: an embedding search.
        view_s: as of `Pace`; the run's own logits had a view for each final epoch.
        earlier: jobs by AdaPruner.
    """
    took = {trial.number: trial.duration_s or 0.0 for trial in run.trials}
    finals_s = (run.testing_s - run.finishing_s) / run.final_epochs
    preparing_s = run.searching_s - run.final_epochs * view_s
    base_s = preparing_s + took[0] + run.wall_s - run.testing_s
    ratios = [one.wall_s / one.planned_s for one in earlier if one.planned_s]
    slowness = sum(ratios) / len(ratios) if ratios else 1.0
    return Pace(base_s, finals_s * took[0] / took[run.final.trial], view_s, slowness)


def fitting_epochs(
    pace: Pace, wanted_s: float, request_of: Callable[[int], JobRequest], images: int
) -> tuple[int, float]:
    """Returns the epochs whose job comes nearest to the seconds that are wanted.

    And the seconds that it would take if earlier jobs hadn't told otherwise.

    Args:
        pace: of such jobs.
        wanted_s: of the job.
        request_of: makes its request of the epochs.
        images: of the training split.
    """

    def job_s(epochs: int) -> float:
        return pace.job_s(
            epochs, view_count(request_of(epochs), images, CLASSES, augmented=True) or 0
        )

    epochs = min(range(1, MOST_EPOCHS + 1), key=lambda n: abs(job_s(n) - wanted_s))
    return epochs, job_s(epochs) / pace.slowness


def seconds_a_view(subject: Subject, precision: Precision) -> float:
    """Returns the seconds of the teacher's logits of the training split, timed on a part of it."""
    teacher = Teacher(subject.architecture, weights_arrays(subject.teacher.read_bytes()), precision)
    train = subject.data.train
    few = Labelled(train.images[:TIMED_IMAGES], train.labels[:TIMED_IMAGES])
    part: TrainingData = replace(subject.data, train=few)
    before = torch.get_num_threads()
    torch.set_num_threads(precision.teacher_threads or 1)
    teacher_logits(part, teacher, 1)  # warms up
    began = time.perf_counter()
    teacher_logits(part, teacher, 1)
    view_s = (time.perf_counter() - began) * len(train) / len(few)
    torch.set_num_threads(before)
    return view_s
