"""How long a job is likely to take on this machine, from the times of a few training steps."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from app.requests import JobRequest, LatencyRequest
from networks import Candidates
from workers.augmentation import augment
from workers.batches import batch_size, steps_an_epoch
from workers.estimate_latency import RUNS
from workers.estimate_space import Survey
from workers.estimate_steps import PASSES_A_STEP, StepTimes
from workers.preprocessing import Preprocessing
from workers.splits import TEST_SHARE, VALIDATION_OF_REST, VALIDATION_SHARE
from workers.training import MOST_THREADS

# Seconds beside the training itself, for ResNet-20 on an idle machine: to send, build, inherit and
# store a trial; to have one kernel propose; to write and verify a student's files, most of it
# exporting; to fit a kernel to all trials at the end; to start workers and to try the teacher's
# export.
TRIAL_S = 0.3
KERNEL_S = 0.06
FILES_S = 6.0
LAST_FIT_S = 0.6
START_S = 10.0
# To measure one latency: exporting takes ResNet-20 3 s and MobileNetV2, of 53 weighted layers, 7 s.
EXPORTED_LAYER_S = 0.13
TIMED_S = 1.0  # of runs, until the quietest of them agree
FIRST_MEASURED = 10  # before any trial: the teacher, the smallest student and some between them
STEPS_OF_CHOICE = 24  # a teacher's precision and threads are chosen by timing as many steps


@dataclass(frozen=True)
class Images:
    """The dataset of an estimate, by its numbers alone.

    Attributes:
        n: Images that are not test images of the dataset's own.
        test_n: Test images of the dataset's own.
        size: Height and width, pixels.
        channels: Of an image; those with three are shifted and mirrored in training.
        classes: How many there are.
    """

    n: int
    test_n: int
    size: tuple[int, int]
    channels: int
    classes: int

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Images:
        """Returns what a dataset's summary says."""
        height, width, channels = document["shape"]
        classes = document["classes"]
        count = classes if isinstance(classes, int) else len(classes)
        test_n = int(document.get("test_n") or 0)
        return cls(int(document["n"]), test_n, (int(height), int(width)), int(channels), count)

    @property
    def validation(self) -> int:
        """How many images validate."""
        return round(self.n * (VALIDATION_OF_REST if self.test_n else VALIDATION_SHARE))

    @property
    def train(self) -> int:
        """How many images are trained on."""
        test = 0 if self.test_n else round(self.n * TEST_SHARE)
        return max(self.n - self.validation - test, 1)


@dataclass(frozen=True)
class Machine:
    """What trainings may use here.

    Attributes:
        cores: How many there are.
        stretch: How many seconds a second's work takes where others work here too: all that isn't
            timed is stretched by it.
        cpus: How many of them each training reserves by the job's request; None: the cores are
            shared among those at once.
    """

    cores: int
    stretch: float = 1.0
    cpus: int | None = None

    def threads(self, parallel: int) -> int:
        """Returns the threads that each of `parallel` trainings at once gets."""
        if self.cpus is not None:
            return min(self.cpus, self.cores)
        return min(max(self.cores // parallel, 1), MOST_THREADS)

    def at_once(self, wanted: int) -> int:
        """Returns how many of the trainings that are wanted at once run at once."""
        return max(min(wanted, self.cores // self.threads(wanted)), 1)


@dataclass(frozen=True)
class Trainings:
    """What the trainings of one job take.

    Attributes:
        survey: What is trained.
        steps: What a step takes.
        images: What is learned from.
        machine: Where.
        batch_s: Seconds to fetch, augment and preprocess a batch.
        views: Of the images, whose logits the teacher gives once a job; None if it gives those of
            every batch.
    """

    survey: Survey
    steps: StepTimes
    images: Images
    machine: Machine
    batch_s: float
    views: int | None = None

    def teacher_s(self, epochs: int) -> float:
        """Returns the seconds of the teacher's training."""
        batch = batch_size(self.images.train)
        step_s = float(self.steps.step_s(self.survey.space, self.survey.space.teacher(), batch))
        gain = self.steps.gain if self.machine.threads(1) > 1 else 1.0
        steps = epochs * steps_an_epoch(self.images.train)
        chosen_s = STEPS_OF_CHOICE * step_s
        return steps * (step_s / gain + self.batch_s) + chosen_s + self._measured_s(step_s)

    def logits_s(self) -> float:
        """Returns the seconds in which the teacher's logits of all views are computed."""
        if self.views is None:
            return 0.0
        batch, space = batch_size(self.images.train), self.survey.space
        step_s = float(self.steps.step_s(space, space.teacher(), batch)) / PASSES_A_STEP
        gain = self.steps.gain if self.machine.threads(1) > 1 else 1.0
        return self.views * steps_an_epoch(self.images.train) * (step_s / gain + self.batch_s)

    def student_s(self, epochs: int, students: Candidates, parallel: int) -> float:
        """Returns the mean seconds of training one of the students, of `parallel` at once."""
        batch, space = batch_size(self.images.train), self.survey.space
        own_s = float(self.steps.step_s(space, students, batch).mean())
        taught_s = 0.0
        if self.views is None:
            taught_s = float(self.steps.step_s(space, space.teacher(), batch)) / PASSES_A_STEP
        gain = self.steps.gain if self.machine.threads(parallel) > 1 else 1.0
        step_s = (own_s + taught_s) / gain + self.batch_s
        return epochs * (steps_an_epoch(self.images.train) * step_s + self._measured_s(own_s))

    def latency_s(self, request: LatencyRequest, students: Candidates) -> float:
        """Returns the mean seconds of measuring the latency of one of the students."""
        space = self.survey.space
        step_s = float(self.steps.step_s(space, students, request.batch_size).mean())
        runs_s = max(TIMED_S, RUNS * step_s / PASSES_A_STEP)
        layers = float(space.table(students).alive.sum(dim=1).double().mean())
        exported_s = EXPORTED_LAYER_S * layers if request.runtime == "onnxruntime" else 0.0
        return exported_s * self.machine.stretch + runs_s

    def _measured_s(self, step_s: float) -> float:
        """Returns the seconds of a forward pass of the validation split."""
        batches = self.images.validation / batch_size(self.images.train)
        return batches * step_s / PASSES_A_STEP


def times(trainings: Trainings, request: JobRequest, students: Candidates) -> dict[str, float]:
    """Returns the seconds of a job and its parts.

    Args:
        trainings: What each training takes.
        request: How many there are, and how long.
        students: What the search is likely to train: drawn candidates that keep the constraints.
    """
    training, search, machine = request.training, request.search, trainings.machine
    learns = search.strategy == "embedding"
    at_once = machine.at_once(search.parallel)
    teacher_s = START_S * machine.stretch
    if request.teacher.network is not None:
        teacher_s += trainings.teacher_s(training.teacher_epochs)
    teacher_s += trainings.logits_s()
    trial_s = trainings.student_s(training.search_epochs, students, search.parallel)
    trial_s += TRIAL_S * machine.stretch
    proposal_s = search.kernels * KERNEL_S * machine.stretch if learns else 0.0
    if request.constraints.latency_ms is not None:  # each trial is measured before it is one
        latency_s = trainings.latency_s(request.latency, students)
        teacher_s += FIRST_MEASURED * latency_s
        proposal_s += latency_s
    a_trial_s = max((trial_s + proposal_s) / at_once, proposal_s)  # proposals are made one by one
    # Of n trials in no order, the harmonic number of n are the best so far: their files are made.
    bests = math.log(search.evaluations) + 1
    files_s = FILES_S * machine.stretch
    search_s = search.evaluations * a_trial_s + bests * files_s / machine.cores
    if search.max_wall_s is not None:
        search_s = min(search_s, max(search.max_wall_s - teacher_s, 0.0) + trial_s)
    finals = min(training.final_students, search.evaluations)
    finals_at_once = machine.at_once(min(search.parallel, finals))
    final_s = trainings.student_s(training.final_epochs, students, finals_at_once) + files_s
    final_s *= math.ceil(finals / finals_at_once)
    if learns:
        final_s += search.kernels * LAST_FIT_S * machine.stretch
    found = {"teacher_s": teacher_s, "search_s": search_s, "final_s": final_s}
    return {**found, "total_s": sum(found.values()), "trial_s": trial_s}


def time_batch(
    images: Images, size: tuple[int, int], clock: Callable[[], float] = time.perf_counter
) -> float:
    """Returns the seconds that it takes to fetch, augment and preprocess a batch in training.

    Args:
        images: The dataset.
        size: Height and width that the network gets, pixels.
        clock: Seconds.
    """
    n = batch_size(images.train)
    raw = torch.zeros(n, images.channels, *images.size, dtype=torch.uint8)
    moments = (0.0,) * images.channels, (1.0,) * images.channels
    preprocessing = Preprocessing(255.0, *moments, images.size, size)
    generator = torch.Generator().manual_seed(0)
    seconds = []
    for _ in range(3):
        start = clock()
        preprocessing.apply(augment(raw, generator) if images.channels == 3 else raw)
        seconds.append(clock() - start)
    return min(seconds)
