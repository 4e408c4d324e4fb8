"""Measured latencies of the networks that stand for a space, as far as the time reaches."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import nn

import networks
from networks import Costs
from networks.onnx.export import INPUT_NAME
from workers.estimate_space import Survey

ORDER = ("smallest", "largest", "median", "teacher")  # the ends first: they tell the range
FIRST_S = 0.7  # what the first one may take before it is known: the runtime has its start-up
MEASURED_S = 0.25  # of runs of each network: an estimate needs fewer digits than a constraint
RUNS = 8  # that a network has at least: to load it, to warm up, to be timed
# What to expect of a core: no run is begun that would take long, and none can be ended.
MACS_A_SECOND = 1e10
PARAMS_A_SECOND = 5e7  # to draw, write and load
_BUSY = "the workers were busy with other work, and too little time was left"


@dataclass(frozen=True)
class Latencies:
    """What was measured.

    Attributes:
        ms: Milliseconds by name: `smallest`, `median`, `largest`, `teacher`.
        skipped: Why the others were not measured, by name.
    """

    ms: dict[str, float]
    skipped: dict[str, str]

    def __or__(self, other: Latencies) -> Latencies:
        """Returns both."""
        return Latencies(self.ms | other.ms, self.skipped | other.skipped)


def measure_latencies(
    survey: Survey,
    setting: networks.LatencySetting,
    left_s: Callable[[], float],
    names: Sequence[str] = ORDER,
    clock: Callable[[], float] = time.monotonic,
    *,
    busy: bool = False,
) -> Latencies:
    """Measures students and the teacher, with random weights.

    Args:
        survey: Which networks.
        setting: How to measure.
        left_s: How many seconds may still be taken: what would take longer isn't begun.
        names: Of `ORDER`, those to measure.
        clock: Seconds, as `left_s` counts them.
        busy: Whether other work slows this one down, which is told where time runs out.
    """
    named = {**survey.students, "teacher": survey.space.teacher()}
    quick = replace(setting, most_s=MEASURED_S)
    found, pace = Latencies({}, {}), 1.0
    for name in names:
        work_s = _work_s(survey.space.costs(named[name]), setting)
        expected_s = pace * FIRST_S + max(pace, 1.0) * work_s
        if expected_s > (rest_s := left_s()):
            late = f"it would take about {expected_s:.1f} s, and {max(rest_s, 0.0):.1f} s were left"
            found.skipped[name] = _BUSY if busy else late
            continue
        start = clock()
        architecture = survey.space.student(survey.space.edits(named[name])[0])
        module = networks.untrained(architecture)
        try:
            found.ms[name] = _measured_ms(module, architecture.input_shape, quick)
        except networks.NetworkError as error:
            found.skipped[name] = str(error)
            continue
        pace = (clock() - start) / (FIRST_S + work_s)
    return found


def _work_s(costs: Costs, setting: networks.LatencySetting) -> float:
    """Returns the seconds that a network's size lets expect of its first runs."""
    macs = RUNS * setting.batch_size * int(costs.macs)
    return macs / MACS_A_SECOND + int(costs.params) / PARAMS_A_SECOND


def _measured_ms(
    module: nn.Module, input_shape: tuple[int, ...], setting: networks.LatencySetting
) -> float:
    """Returns the milliseconds of a batch.

    The ONNX graph comes from the exporter that PyTorch had first: it takes a tenth of a second
    where the new one takes two. ONNX Runtime is as fast on what it writes: for ResNet-20, its
    smallest student and MobileNetV2 the medians of both files were within 1.1% of each other.

    Raises:
        ExportError: There is no ONNX form of the network.
    """
    if setting.runtime == "pytorch":
        return networks.measure_latency(module, input_shape, setting).median_ms
    with TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                torch.onnx.export(
                    module,
                    (torch.zeros(setting.batch_size, *input_shape),),
                    path,
                    dynamo=False,
                    input_names=[INPUT_NAME],
                )
        except Exception as error:  # the exporter raises many kinds, with no root of their own
            reason = str(error).strip().partition("\n")[0]
            raise networks.ExportError(f"no ONNX form of the network: {reason}") from error
        return networks.measure_onnx(path, input_shape, setting).median_ms
