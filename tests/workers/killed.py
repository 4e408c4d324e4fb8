"""Trainings whose process is killed in the middle of an epoch."""

import os
import signal

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

from tests.workers.trained import Trained
from workers import checkpoints, teacher
from workers.checkpoints import CheckpointPlace
from workers.data import TrainingData
from workers.precision import Precision
from workers.teacher import Teacher, train_teacher
from workers.trial import TrialSpec, run_trial


def run_until_killed(trained: Trained, spec: TrialSpec, steps: int) -> None:
    """Runs the trial, keeping every epoch, and kills its own process after so many steps."""
    _kill_after(steps)
    run_trial(trained.data, trained.teacher, spec)


def teach_until_killed(
    data: TrainingData,
    first: Teacher,
    epochs: int,
    precision: Precision,
    place: CheckpointPlace,
    steps: int,
) -> None:
    """Trains a teacher, as `run_until_killed` does; its precision isn't chosen but given."""
    teacher._fastest = lambda *_: precision
    _kill_after(steps)
    train_teacher(data, first.architecture, first.weights, epochs, 0, checkpoints=place)


def _kill_after(steps: int) -> None:
    torch.set_num_threads(1)
    checkpoints.LEAST_S, checkpoints.SHARE = 0.0, float("inf")
    taken = 0

    def count(*_: object) -> None:
        nonlocal taken
        taken += 1
        if taken == steps:
            os.kill(os.getpid(), signal.SIGKILL)

    register_optimizer_step_post_hook(count)
