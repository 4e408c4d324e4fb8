"""The number type and memory layout of training, chosen once a job by timing a few steps.

bf16 autocast with channels-last is 2.9 times plain fp32 for ResNet-20 on 32x32 images on a CPU with
AVX512-BF16, but gains nothing on 8x8 images: so it is measured, recorded with the teacher, and used
for every training of the job.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Dtype = Literal["float32", "bfloat16"]
Layout = Literal["contiguous", "channels_last"]

TIMED_STEPS = 3
# What isn't plain must take less than this share of the time: noise decides nothing.
NEEDED_GAIN = 0.9
NEEDED_GAIN_OF_THREADS = 0.75  # they take the CPU from others


@dataclass(frozen=True)
class Precision:
    """How a module computes while it trains; it is measured in float32 always.

    Attributes:
        dtype: of the arithmetic in a forward pass.
        layout: of images and weights in memory.
        device: where it computes.
        step_ms: milliseconds of a training step in each precision that was compared, by name.
        teacher_threads: torch's threads in the teacher's training, chosen by timing too.
    """

    dtype: Dtype = "float32"
    layout: Layout = "contiguous"
    device: str = "cpu"
    step_ms: Mapping[str, float] | None = None
    teacher_threads: int | None = None

    def autocast(self) -> AbstractContextManager[object]:
        """Returns the context that a forward pass runs in."""
        if self.dtype == "float32":
            return nullcontext()
        return torch.autocast(self.device, dtype=torch.bfloat16)

    def place(self, module: nn.Module) -> nn.Module:
        """Returns the module on the device and in the memory layout (in place)."""
        module.to(self.device)
        return module.to(memory_format=self._memory_format)

    def place_images(self, images: Tensor) -> Tensor:
        """Returns `n x C x H x W` on the device and in the memory layout."""
        return images.to(device=self.device).contiguous(memory_format=self._memory_format)

    def move(self, values: Tensor) -> Tensor:
        """Returns values on the device; to a GPU while the CPU goes on."""
        if self.device == "cpu":
            return values
        return values.pin_memory().to(self.device, non_blocking=True)

    @property
    def name(self) -> str:
        """For example `bfloat16/channels_last`."""
        return f"{self.dtype}/{self.layout}"

    @property
    def _memory_format(self) -> torch.memory_format:
        channels_last = self.layout == "channels_last"
        return torch.channels_last if channels_last else torch.contiguous_format

    def to_json(self) -> dict[str, object]:
        """Returns the choice and the times it was made by, in milliseconds a step."""
        return {
            "dtype": self.dtype,
            "layout": self.layout,
            "device": self.device,
            "step_ms": dict(self.step_ms or {}),
            "teacher_threads": self.teacher_threads,
        }

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Precision:
        """Returns the precision that `to_json` described."""
        step_ms, threads = fields.get("step_ms"), fields.get("teacher_threads")
        return cls(fields["dtype"], fields["layout"], fields["device"], step_ms, threads)


def available() -> list[Precision]:
    """Returns what this machine computes fast, plain float32 first."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtypes: tuple[Dtype, ...] = ("float32", "bfloat16") if _has_bfloat16(device) else ("float32",)
    layouts: tuple[Layout, ...] = ("contiguous", "channels_last")
    return [Precision(dtype, layout, device) for dtype in dtypes for layout in layouts]


def choose_precision(
    module: nn.Module,
    images: Tensor,
    clock: Callable[[], float] = time.perf_counter,
    choices: list[Precision] | None = None,
) -> Precision:
    """Times a few training steps of a copy of the module in each precision.

    Args:
        module: the network to train; it isn't changed.
        images: one batch as the network takes it, float32 `n x C x H x W`.
        clock: seconds.
        choices: what is compared, plain float32 first; all that this machine has by default.

    Returns:
        The fastest, with all times; plain float32 unless another takes less than 90% of its time.
    """
    choices = available() if choices is None else choices
    times = [_step_s(copy.deepcopy(module), images, choice, clock) for choice in choices]
    fastest = min(range(len(choices)), key=times.__getitem__)
    chosen = choices[fastest if times[fastest] < NEEDED_GAIN * times[0] else 0]
    step_ms = {c.name: round(1000 * s, 3) for c, s in zip(choices, times, strict=True)}
    return Precision(chosen.dtype, chosen.layout, chosen.device, step_ms)


def choose_threads(
    module: nn.Module,
    images: Tensor,
    precision: Precision,
    most: int,
    clock: Callable[[], float] = time.perf_counter,
) -> int:
    """Returns `most` threads if they make a training step clearly faster than one does, else 1.

    Small networks on small images wait for one another more than they compute.
    """
    before = torch.get_num_threads()
    times = []
    for threads in (1, most):
        torch.set_num_threads(threads)
        times.append(_step_s(copy.deepcopy(module), images, precision, clock))
    torch.set_num_threads(before)
    return most if times[1] < NEEDED_GAIN_OF_THREADS * times[0] else 1


def _step_s(
    module: nn.Module, images: Tensor, precision: Precision, clock: Callable[[], float]
) -> float:
    """Returns the seconds of the fastest of a few forward and backward passes."""
    module = precision.place(module).train()
    x = precision.place_images(images)
    times = []
    for _ in range(TIMED_STEPS + 1):  # the first one warms up
        start = clock()
        with precision.autocast():
            logits = module(x)
        functional.mse_loss(
            logits.float(), torch.zeros_like(logits, dtype=torch.float32)
        ).backward()
        if precision.device == "cuda":
            torch.cuda.synchronize()
        times.append(clock() - start)
    return min(times[1:])


def _has_bfloat16(device: str) -> bool:
    """Whether bf16 arithmetic is native: elsewhere it is emulated and slower."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16"))
