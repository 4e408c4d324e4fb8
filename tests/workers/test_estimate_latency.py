import pytest
import torch

import networks
from networks import LatencySetting, Space
from networks.latency import Runtime
from workers import estimate_latency
from workers.estimate_latency import ORDER, measure_latencies
from workers.estimate_space import Survey


@pytest.fixture(scope="module")
def survey() -> Survey:
    traced = networks.trace(networks.network("zoo/resnet20", 10, 1), torch.zeros(2, 1, 8, 8))
    return Survey.of(Space(traced.architecture), seed=0, n=200)


@pytest.mark.parametrize("runtime", ["onnxruntime", "pytorch"])
def test_all_four_are_measured_when_there_is_time(
    survey: Survey, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimate_latency, "MEASURED_S", 0.05)
    found = measure_latencies(survey, LatencySetting(runtime), lambda: 1000.0)
    assert (set(found.ms), found.skipped) == (set(ORDER), {})
    assert 0 < found.ms["smallest"] < found.ms["teacher"]


def test_what_there_is_no_time_for_is_told(survey: Survey) -> None:
    found = measure_latencies(survey, LatencySetting("pytorch"), lambda: -1.0)
    assert (found.ms, set(found.skipped)) == ({}, set(ORDER))
    assert "0.0 s were left" in found.skipped["teacher"]
    found = measure_latencies(survey, LatencySetting("pytorch"), lambda: -1.0, busy=True)
    (why,) = set(found.skipped.values())
    assert why == "the workers were busy with other work, and too little time was left"


def test_a_batch_too_large_for_the_time_is_not_begun(survey: Survey) -> None:
    found = measure_latencies(survey, LatencySetting("pytorch", batch_size=10**9), lambda: 9.0)
    assert (found.ms, set(found.skipped)) == ({}, set(ORDER))


def test_time_that_runs_out_leaves_the_rest(
    survey: Survey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimate_latency, "MEASURED_S", 0.01)
    left = iter([10.0, 2.0, 2.0, 2.0])
    ticks = iter([0.0, 5.0])
    setting = LatencySetting("pytorch")
    found = measure_latencies(survey, setting, lambda: next(left), clock=lambda: next(ticks))
    assert list(found.ms) == ["smallest"]
    assert found.skipped["largest"] == "it would take about 5.0 s, and 2.0 s were left"


def test_a_network_that_the_runtime_does_not_take_is_told(
    survey: Survey, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ValueError("no symbolic for aten::strange")

    monkeypatch.setattr(torch.onnx, "export", fails)
    found = measure_latencies(survey, LatencySetting(), lambda: 1000.0)
    assert found.ms == {}
    assert found.skipped["median"] == ("no ONNX form of the network: no symbolic for aten::strange")
