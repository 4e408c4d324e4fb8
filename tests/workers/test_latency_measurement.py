from pathlib import Path

import pytest
import torch

import networks
from app.requests import LatencyRequest
from networks import Architecture, Latency, LatencySetting
from tests.workers.samples import small_network
from workers import latency_measurement
from workers.latency_measurement import (
    TRIES,
    Measurement,
    measure_architecture,
    measure_student,
    processor,
    setting_of,
)

SHAPE = (1, 8, 8)


@pytest.fixture(autouse=True)
def _brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("networks.latency.LEAST_S", 0.05)


@pytest.fixture(scope="module")
def architecture() -> Architecture:
    return networks.trace(small_network().eval(), torch.zeros(1, *SHAPE)).architecture


def test_an_architecture_is_measured_by_its_json(architecture: Architecture) -> None:
    measured = measure_architecture(architecture.to_json(), LatencySetting())
    assert 0 < measured.p10_ms <= measured.median_ms <= measured.p90_ms
    assert measured.processor == processor()
    assert Measurement.from_json(measured.to_json()) == measured


def test_a_student_is_measured_by_its_file_or_in_pytorch(tmp_path: Path) -> None:
    module, path = small_network().eval(), tmp_path / "student.onnx"
    networks.export_onnx(module, SHAPE, path)
    in_file = measure_student(module, path.read_bytes(), SHAPE, LatencySetting(), None)
    in_pytorch = measure_student(module, b"", SHAPE, LatencySetting("pytorch"), None)
    assert in_file.median_ms > 0
    assert in_pytorch.median_ms > 0


@pytest.mark.parametrize(
    ("limit_ms", "tries", "found"),
    [(None, 1, 3.0), (3.0, 1, 3.0), (2.5, 2, 2.0), (0.5, TRIES, 1.0)],
)
def test_one_that_seems_to_break_its_limit_is_measured_again(
    monkeypatch: pytest.MonkeyPatch, limit_ms: float | None, tries: int, found: float
) -> None:
    medians = [3.0, 2.0, 1.0]

    def measure(*_: object) -> Latency:
        return Latency(medians.pop(0), 0.5, 4.0, 10, "cpu")

    monkeypatch.setattr(networks, "measure_onnx", measure)
    module = small_network()
    measured = measure_student(module, b"", SHAPE, LatencySetting(), limit_ms)
    assert measured.median_ms == found
    assert len(medians) == 3 - tries


def test_a_request_says_how_to_measure() -> None:
    request = LatencyRequest(runtime="pytorch", batch_size=8, threads=2)
    assert setting_of(request) == LatencySetting("pytorch", batch_size=8, threads=2)


def test_a_machine_that_does_not_tell_its_processor_has_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latency_measurement, "PROCESSORS", tmp_path / "none")
    assert processor()
