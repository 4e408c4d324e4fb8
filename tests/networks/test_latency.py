from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from networks.architecture import Architecture
from networks.errors import ExportError
from networks.latency import (
    MOST_S,
    LatencySetting,
    Runtime,
    measure_latency,
    measure_onnx,
    timed,
    untrained,
)
from networks.tracing.module import Traced, trace


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("networks.latency.LEAST_S", 0.1)


class Clock:
    """Stands still but for the runs, which take what they are told to, in milliseconds."""

    def __init__(self, runs_ms: Iterator[float]) -> None:
        self.now_s, self._runs_ms = 0.0, runs_ms

    def __call__(self) -> float:
        return self.now_s

    def run(self) -> None:
        self.now_s += next(self._runs_ms) / 1000


def network(depth: int = 2) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv2d(1, 8, 3, padding=1), nn.ReLU()]
    for _ in range(depth):
        layers += [nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2))


@pytest.fixture(scope="module")
def architecture() -> Architecture:
    return trace(network(), torch.zeros(1, 1, 8, 8)).architecture


def constant(ms: float) -> Iterator[float]:
    while True:
        yield ms


def test_a_steady_run_takes_its_time() -> None:
    clock = Clock(constant(2.0))
    latency = timed(clock.run, clock=clock)
    assert latency.median_ms == pytest.approx(2.0)
    assert latency.p10_ms == pytest.approx(2.0)
    assert latency.p90_ms == pytest.approx(2.0)
    assert latency.runs >= 250
    assert latency.device == "cpu"


def test_warm_up_runs_do_not_count() -> None:
    def warming() -> Iterator[float]:
        yield from [9000.0, 7000.0, 6000.0]
        yield from constant(5000.0)

    clock = Clock(warming())
    latency = timed(clock.run, clock=clock)
    assert latency.p90_ms == pytest.approx(5000.0)


def test_disturbed_blocks_do_not_count() -> None:
    def mostly_disturbed() -> Iterator[float]:
        while True:
            yield from [3.0] * 100
            yield from [1.0] * 30

    clock = Clock(mostly_disturbed())
    assert timed(clock.run, clock=clock).median_ms == pytest.approx(1.0)


def test_runs_that_never_agree_are_given_up_in_time() -> None:
    def ever_slower() -> Iterator[float]:
        ms = 1.0
        while True:
            yield ms
            ms *= 1.05

    clock = Clock(ever_slower())
    timed(clock.run, clock=clock)
    assert clock.now_s < 3 * MOST_S


def test_a_slow_network_is_run_a_few_times_only() -> None:
    clock = Clock(constant(5000.0))
    latency = timed(clock.run, clock=clock)
    assert latency.runs == 3
    assert latency.median_ms == pytest.approx(5000.0)


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize("runtime", ["onnxruntime", "pytorch"])
def test_a_larger_network_takes_longer(runtime: Runtime) -> None:
    setting = LatencySetting(runtime)
    small, large = (
        measure_latency(network(depth), (1, 32, 32), setting).median_ms for depth in (1, 6)
    )
    assert 0 < small < large


@pytest.mark.usefixtures("brief")
def test_a_larger_batch_takes_longer() -> None:
    one, many = (
        measure_latency(network(), (1, 16, 16), LatencySetting("pytorch", batch_size)).median_ms
        for batch_size in (1, 256)
    )
    assert one < many


@pytest.mark.usefixtures("brief")
def test_the_module_and_its_threads_are_left_as_they_were() -> None:
    module, before = network().train(), torch.get_num_threads()
    measure_latency(module, (1, 8, 8), LatencySetting("pytorch", threads=2))
    assert module.training
    assert torch.get_num_threads() == before


def test_a_file_that_is_no_network_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "network.onnx"
    path.write_bytes(b"nothing")
    with pytest.raises(ExportError, match="ONNX Runtime"):
        measure_onnx(path, (1, 8, 8), LatencySetting())


def test_activations_of_an_untrained_network_keep_their_size() -> None:
    deep = trace(network(40), torch.zeros(1, 1, 8, 8)).architecture
    images = torch.randn(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        logits = untrained(deep)(images)
    assert 1e-3 < logits.abs().max() < 1e3


def test_an_untrained_network_is_the_same_each_time_with_positive_variances(
    resnet20: Traced,
) -> None:
    first, second = (untrained(resnet20.architecture).state_dict() for _ in range(2))
    assert all(value.equal(second[name]) for name, value in first.items())
    variances = [value for name, value in first.items() if name.endswith("running_var")]
    assert variances
    assert all(bool((value > 0).all()) for value in variances)
    with torch.no_grad():
        logits = untrained(resnet20.architecture)(torch.randn(2, 3, 32, 32))
    assert 1e-6 < logits.abs().max() < 1e6


@pytest.mark.usefixtures("brief")
def test_an_untrained_network_is_ready_to_be_measured(architecture: Architecture) -> None:
    module = untrained(architecture)
    assert not module.training
    assert measure_latency(module, architecture.input_shape, LatencySetting()).median_ms > 0
