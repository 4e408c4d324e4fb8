"""How long a training step takes here: a few students timed, others by their layers and MACs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

import networks
from networks import Candidates, Space
from workers.precision import NEEDED_GAIN, NEEDED_GAIN_OF_THREADS, Precision, available

# A training step is three forward passes' work: the gradients of inputs and of weights are one each
# (Griewank and Walther 2008, chapter 3).
PASSES_A_STEP = 3
# A timed step takes about a tenth of a second on one core.
MACS_A_TIMED_STEP = 1.5e9
PARAMS_OF_A_TIMED_STEP = 2e7  # the optimizer goes over each several times, whatever the batch
LEAST_BATCH = 2  # normalisation needs two values a channel
TIMED_STEPS = 3
ENOUGH_S = 0.1  # after which the steps timed so far are enough
RESERVED_S = 1.0  # for latencies: below it no further network is timed
SPARE_S = 1.5  # that must be left for timing with all threads too
# Above this load of the machine it is not done: threads that wait for a core hold up all others,
# and steps were seen to take 17 times as long.
QUIET_LOAD = 1.0


@dataclass(frozen=True)
class StepTimes:
    """Seconds of a student's training step: `layer_s * layers + mac_s * macs * images`.

    Attributes:
        layer_s: Seconds that each weighted layer costs whatever its size.
        mac_s: Seconds for each multiply-accumulate of one image.
        precision: The number type and layout that was fastest here.
        gain: How many times faster a step is with all threads; 1 where it gains little.
        timed: How many networks were timed.
        wanted: How many would have been, with more time.
    """

    layer_s: float
    mac_s: float
    precision: Precision
    gain: float
    timed: int
    wanted: int

    def step_s(self, space: Space, candidates: Candidates, images: int) -> Tensor:
        """Returns the seconds of one step of each of `n` candidates: float64 `n`."""
        layers = space.table(candidates).alive.sum(dim=1).double()
        macs = space.costs(candidates).macs.double()
        return self.layer_s * layers + self.mac_s * macs * images


def time_steps(
    space: Space,
    drawn: Candidates,
    images: int,
    threads: int,
    left_s: Callable[[], float],
    clock: Callable[[], float] = time.perf_counter,
) -> StepTimes:
    """Times a few training steps of a median, the largest quick and the smallest student.

    Args:
        space: Of all students.
        drawn: Random candidates, to choose the timed ones from.
        images: Of a batch in training; fewer are timed where a network is large.
        threads: That one training may have.
        left_s: How many seconds may still be taken: where they are few, fewer are timed.
        clock: Seconds.
    """
    torch.set_num_threads(1)
    quick = _to_time(space, drawn)
    work: list[_Work] = []
    seconds: list[float] = []
    precision = Precision()
    for row in range(len(quick)):
        if work and left_s() < RESERVED_S:
            break
        work.append(_Work.of(space, quick[row : row + 1], images))
        if row == 0:
            precision, first_s = _precision(work[0], clock, compare=left_s() > RESERVED_S)
            seconds.append(first_s)
        else:
            seconds.append(work[-1].step_s(precision, clock))
    chosen = quick[: len(work)]
    layers = space.table(chosen).alive.sum(dim=1).tolist()
    macs = space.costs(chosen).macs.tolist()
    done = [one * len(of.images) for one, of in zip(macs, work, strict=True)]
    layer_s, mac_s = fit(layers, done, seconds)
    gain = 1.0
    if threads > 1 and left_s() > SPARE_S and os.getloadavg()[0] < QUIET_LOAD:
        torch.set_num_threads(threads)
        gain = seconds[0] / work[0].step_s(precision, clock)
        torch.set_num_threads(1)
    gain = gain if gain > 1 / NEEDED_GAIN_OF_THREADS else 1.0
    return StepTimes(layer_s, mac_s, precision, gain, len(seconds), len(quick))


@dataclass(frozen=True)
class _Work:
    """A network to train and a batch for it, float32 `b x C x H x W`."""

    module: nn.Module
    images: Tensor

    @classmethod
    def of(cls, space: Space, candidate: Candidates, images: int) -> _Work:
        """Returns one student, with fewer images than in training where it is large."""
        macs = max(int(space.costs(candidate).macs), 1)
        fitting = int(MACS_A_TIMED_STEP / (PASSES_A_STEP * macs))
        batch = max(min(images, fitting), LEAST_BATCH)
        student = space.student(space.edits(candidate)[0])
        return cls(networks.untrained(student), torch.randn(batch, *student.input_shape))

    def step_s(self, precision: Precision, clock: Callable[[], float]) -> float:
        """Returns the seconds of the fastest of a few training steps, the optimizer's included."""
        module = precision.place(self.module).train()
        x = precision.place_images(self.images)
        optimizer = torch.optim.SGD(module.parameters(), lr=1e-9, momentum=0.9, nesterov=True)
        times: list[float] = []
        while len(times) < 2 or (len(times) <= TIMED_STEPS and sum(times) < ENOUGH_S):
            start = clock()
            with precision.autocast():
                logits = module(x).float()
            optimizer.zero_grad(set_to_none=True)
            functional.mse_loss(logits, torch.zeros_like(logits)).backward()
            nn.utils.clip_grad_norm_(module.parameters(), 5.0)
            optimizer.step()
            if precision.device == "cuda":
                torch.cuda.synchronize()
            times.append(clock() - start)
        return min(times[1:])  # the first one warms up


def _precision(
    work: _Work, clock: Callable[[], float], *, compare: bool
) -> tuple[Precision, float]:
    """Returns the number type and layout that a job is likely to choose, and its seconds.

    Plain float32 is compared, where there is time, with the one that wins wherever any does: the
    least bits, channels last.
    """
    plain, *_, other = available()
    plain_s = work.step_s(plain, clock)
    if not compare:
        return plain, plain_s
    other_s = work.step_s(other, clock)
    return (other, other_s) if other_s < NEEDED_GAIN * plain_s else (plain, plain_s)


def fit(
    layers: Sequence[int], work: Sequence[int], seconds: Sequence[float]
) -> tuple[float, float]:
    """Returns seconds a layer and seconds a MAC, neither negative, by least relative squares.

    Args:
        layers: Weighted layers of each timed network.
        work: MACs of each timed step.
        seconds: What each took.
    """
    y = np.array(seconds)
    columns = np.array([layers, work], dtype=np.float64) / y
    (layer_s, mac_s), *_ = np.linalg.lstsq(columns.T, np.ones_like(y), rcond=None)
    if layer_s < 0 or mac_s < 0:
        alone = [float(column.sum() / (column @ column)) for column in columns]
        return (0.0, alone[1]) if layer_s < 0 else (alone[0], 0.0)
    return float(layer_s), float(mac_s)


def _to_time(space: Space, drawn: Candidates) -> Candidates:
    """Returns of the drawn that are quick the median and the largest, and the smallest student."""
    costs = space.costs(drawn)
    macs = costs.macs
    few = PASSES_A_STEP * LEAST_BATCH * macs <= MACS_A_TIMED_STEP
    quick = (few & (costs.params <= PARAMS_OF_A_TIMED_STEP)).nonzero()[:, 0]
    order = quick[macs[quick].argsort(stable=True)]
    if not len(order):
        return space.smallest()
    return Candidates.cat([drawn[order[[len(order) // 2, -1]]], space.smallest()])
