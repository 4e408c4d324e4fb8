"""How long a network takes on this machine, in the runtime that it is made for."""

from __future__ import annotations

import math
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor, nn

from networks.architecture import Architecture
from networks.errors import ExportError
from networks.onnx.export import INPUT_NAME, export_onnx
from networks.student import build
from networks.tracing.weightless import weightless

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

WARM_S = 0.1  # after which a runtime has its memory, and the processor its pace
WARM_RUNS = 3
BLOCK_S = 0.02  # short enough that some blocks fall between the disturbances of a busy machine
BLOCK_RUNS = 3
QUIET_BLOCKS = 3  # that the figures are of
LEAST_S = 0.5  # disturbances last for tenths of a second
AGREED = 1.02  # the quiet blocks' medians lie this close together when there are enough
MOST_S = 3.0  # after which no further block is begun

Runtime = Literal["onnxruntime", "pytorch"]
Run = Callable[[], object]


@dataclass(frozen=True)
class LatencySetting:
    """How latency is measured.

    Attributes:
        runtime: What the network runs in.
        batch_size: Images at once.
        threads: Of the processor, all for one operator at a time.
        most_s: Seconds after which no further block of runs is begun.
    """

    runtime: Runtime = "onnxruntime"
    batch_size: int = 1
    threads: int = 1
    most_s: float = MOST_S


@dataclass(frozen=True)
class Latency:
    """The milliseconds that one batch takes, from image to logits.

    They are those of the quietest blocks of runs: another process on the machine makes single
    blocks slower, never faster.

    Attributes:
        median_ms: Of the runs in those blocks, as the next two.
        p10_ms: A tenth of the runs is faster.
        p90_ms: A tenth of the runs is slower.
        runs: How many were timed in all.
        device: `cuda` where the runtime has one, else `cpu`.
    """

    median_ms: float
    p10_ms: float
    p90_ms: float
    runs: int
    device: str


def measure_latency(
    module: nn.Module, input_shape: tuple[int, ...], setting: LatencySetting
) -> Latency:
    """Measures a network in eval mode and float32; it is left as it was.

    Args:
        module: The network.
        input_shape: Of one image: `(channels, height, width)`.
        setting: How.

    Raises:
        ExportError: If ONNX Runtime is asked for and can't run it.
    """
    if setting.runtime == "pytorch":
        return _in_pytorch(module, input_shape, setting)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        export_onnx(module, input_shape, path)
        return measure_onnx(path, input_shape, setting)


def measure_onnx(path: Path, input_shape: tuple[int, ...], setting: LatencySetting) -> Latency:
    """Measures an ONNX file in ONNX Runtime; the way to a GPU and back is in it.

    Args:
        path: A file that `export_onnx` wrote.
        input_shape: Of one image: `(channels, height, width)`.
        setting: How; the runtime is ONNX Runtime, whatever it says.

    Raises:
        ExportError: If ONNX Runtime can't run it.
    """
    images = {INPUT_NAME: _images(input_shape, setting).numpy()}
    try:
        session = _session(path, setting.threads)
        session.run(None, images)
    except Exception as error:  # the runtime's errors have no public root
        raise ExportError(f"ONNX Runtime can't run the network: {error}") from error
    device = "cuda" if "CUDAExecutionProvider" in session.get_providers() else "cpu"
    return timed(lambda: session.run(None, images), device, most_s=setting.most_s)


def timed(
    run: Run,
    device: str = "cpu",
    clock: Callable[[], float] = time.perf_counter,
    most_s: float = MOST_S,
) -> Latency:
    """Times `run` in blocks for `LEAST_S` seconds, then until the quietest agree, or `most_s`.

    Args:
        run: One batch; it returns when the batch is done.
        device: What it runs on.
        clock: Seconds.
        most_s: Seconds after which no further block is begun.
    """
    _repeat(run, clock, WARM_S, WARM_RUNS)
    start, blocks = clock(), [_repeat(run, clock, BLOCK_S, BLOCK_RUNS)]
    while (past_s := clock() - start) < most_s and not (past_s >= LEAST_S and _agree(blocks)):
        blocks.append(_repeat(run, clock, BLOCK_S, BLOCK_RUNS))
    quiet = sorted(blocks, key=statistics.median)[:QUIET_BLOCKS]
    runs_ms = np.concatenate(quiet) * 1000
    p10, median, p90 = np.percentile(runs_ms, (10, 50, 90)).tolist()
    return Latency(median, p10, p90, sum(map(len, blocks)), device)


def untrained(architecture: Architecture) -> nn.Module:
    """Builds a network in eval mode whose activations keep an ordinary size, to be timed.

    Times don't depend on the weights, unless numbers get so small that the processor takes a slow
    path for them: PyTorch's own first weights let activations fade from layer to layer. So weights
    have the variance that keeps their size (He et al. 2015, arXiv 1502.01852), and each is written
    once.
    """
    with weightless():
        module = build(architecture).eval()
    module.to_empty(device="cpu")
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for tensor in (*module.parameters(), *module.buffers()):
            if not tensor.is_floating_point():
                tensor.zero_()
            elif tensor.dim() > 1:
                bound = math.sqrt(6 / max(tensor[0].numel(), 1))
                tensor.uniform_(-bound, bound, generator=generator)
            else:  # also the variances and scales of normalisation, which must be positive
                tensor.uniform_(0.5, 1.0, generator=generator)
    return module


def _in_pytorch(
    module: nn.Module, input_shape: tuple[int, ...], setting: LatencySetting
) -> Latency:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network = deepcopy(module).eval().to(device)
    images = _images(input_shape, setting).to(device)

    def run() -> None:
        network(images)
        if device == "cuda":
            torch.cuda.synchronize()

    with _threads(setting.threads), torch.inference_mode():
        return timed(run, device, most_s=setting.most_s)


def _images(input_shape: tuple[int, ...], setting: LatencySetting) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(setting.batch_size, *input_shape, generator=generator)


def _session(path: Path, threads: int) -> InferenceSession:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors
    wanted = ("CUDAExecutionProvider", "CPUExecutionProvider")
    there = onnxruntime.get_available_providers()
    return onnxruntime.InferenceSession(
        str(path), options, providers=[name for name in wanted if name in there]
    )


def _repeat(run: Run, clock: Callable[[], float], least_s: float, least_runs: int) -> list[float]:
    """The seconds of each of as many runs as fill both."""
    start = now = clock()
    seconds: list[float] = []
    while now - start < least_s or len(seconds) < least_runs:
        before = now
        run()
        now = clock()
        seconds.append(now - before)
    return seconds


def _agree(blocks: list[list[float]]) -> bool:
    medians = sorted(map(statistics.median, blocks))[:QUIET_BLOCKS]
    return len(medians) == QUIET_BLOCKS and medians[-1] <= AGREED * medians[0]


@contextmanager
def _threads(n: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)
