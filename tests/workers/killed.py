"""A trial whose process is killed in the middle of an epoch."""

import os
import signal

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

from tests.workers.trained import Trained
from workers import checkpoints
from workers.trial import TrialSpec, run_trial


def run_until_killed(trained: Trained, spec: TrialSpec, steps: int) -> None:
    """Runs the trial, keeping every epoch, and kills its own process after so many steps."""
    torch.set_num_threads(1)
    checkpoints.LEAST_S, checkpoints.SHARE = 0.0, float("inf")
    taken = 0

    def count(*_: object) -> None:
        nonlocal taken
        taken += 1
        if taken == steps:
            os.kill(os.getpid(), signal.SIGKILL)

    register_optimizer_step_post_hook(count)
    run_trial(trained.data, trained.teacher, spec)
