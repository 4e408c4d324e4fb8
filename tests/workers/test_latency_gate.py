import math
from collections.abc import Sequence

import pytest
import torch

from app.artifacts import Artifacts
from app.database import Database
from networks import Edits, LatencySetting, Space
from tests.workers.jobs import InlinePool, held_work, measurement, quick_latency
from tests.workers.trained import Trained
from workers.latencies import FIRST, Latencies
from workers.latency_gate import MOST_REFUSED, LatencyGate
from workers.latency_measurement import Measurement
from workers.work import Work


@pytest.fixture
def space(trained: Trained) -> Space:
    return trained.space


@pytest.fixture
def work(database: Database, artifacts: Artifacts) -> Work:
    return held_work(database, artifacts)


def drawn(space: Space, n: int, seed: int = 0) -> list[Edits]:
    return space.edits(space.sample(n, torch.Generator().manual_seed(seed)))


def ms_of(space: Space, edits: Sequence[Edits]) -> list[float]:
    """What the quick measurement takes for them."""
    return (space.costs(space.candidates(edits)).macs.double() / 1e6).tolist()


def started(work: Work, space: Space, limit_ms: float) -> LatencyGate:
    latencies = Latencies(work, space, limit_ms)
    for edits in drawn(space, 12):
        latencies.of(edits, FIRST)
    return LatencyGate(space, limit_ms, latencies)


def middle_ms(space: Space) -> float:
    return sorted(ms_of(space, drawn(space, 51, seed=1)))[25]


def test_candidates_are_screened_by_what_they_are_predicted_to_take(
    work: Work, space: Space
) -> None:
    limit_ms = middle_ms(space)
    gate = started(work, space, limit_ms)
    others = drawn(space, 51, seed=1)
    passed = gate.screen(space.candidates(others)).tolist()
    truth = [ms <= limit_ms for ms in ms_of(space, others)]
    agreed = sum(a == b for a, b in zip(passed, truth, strict=True))
    assert agreed >= 45
    assert 10 < sum(passed) < 40


def test_the_margin_is_the_predictor_s_error_and_grows_with_each_refusal(
    work: Work, space: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    def noisy(architecture: str, setting: LatencySetting) -> Measurement:
        exact = quick_latency(architecture, setting).median_ms
        return measurement(exact * (0.7 if len(architecture) % 2 else 1.3))

    monkeypatch.setattr("workers.latencies.measure_architecture", noisy)
    limit_ms = middle_ms(space)
    gate = started(work, space, limit_ms)
    pool = space.sample(300, torch.Generator().manual_seed(9))
    assert gate.error.median > 0.05
    expected = gate.predict(pool) * (1 + gate.error.median) <= limit_ms
    assert torch.equal(gate.screen(pool), expected)
    assert 0 < int(expected.sum()) < int((gate.predict(pool) <= limit_ms).sum())
    slow = next(e for e in drawn(space, 99, seed=4) if ms_of(space, [e])[0] > 2 * limit_ms)
    assert not gate.accepts(slow)
    expected = gate.predict(pool) * (1 + 2 * gate.error.median) <= limit_ms
    assert torch.equal(gate.screen(pool), expected)


def test_a_candidate_is_accepted_by_its_measurement_and_measured_once(
    work: Work, space: Space
) -> None:
    limit_ms = middle_ms(space)
    gate = started(work, space, limit_ms)
    assert isinstance(work.pool, InlinePool)
    for edits in drawn(space, 8, seed=2):
        (ms,) = ms_of(space, [edits])
        assert gate.accepts(edits) == (ms <= limit_ms)
        assert gate.latency_ms(space.student(edits).hash) == pytest.approx(ms)
        before = len(work.pool.sent)
        gate.accepts(edits)
        assert len(work.pool.sent) == before


def test_what_was_measured_counts_more_than_what_is_predicted(work: Work, space: Space) -> None:
    limit_ms = middle_ms(space)
    gate = started(work, space, limit_ms)
    others = drawn(space, 20, seed=3)
    verdicts = [gate.accepts(edits) for edits in others]
    gate.begin(1)
    assert gate.screen(space.candidates(others)).tolist() == verdicts


def test_the_margin_grows_with_each_refusal_and_the_search_ends(work: Work, space: Space) -> None:
    limit_ms = middle_ms(space)
    gate = started(work, space, limit_ms)
    slow = [
        edits for edits in drawn(space, 200, seed=4) if ms_of(space, [edits])[0] > 1.3 * limit_ms
    ]
    pool = space.sample(200, torch.Generator().manual_seed(5))
    before = int(gate.screen(pool).sum())
    for edits in slow[:MOST_REFUSED]:
        assert not gate.accepts(edits)
    assert not bool(gate.screen(pool).any())
    gate.begin(1)
    assert int(gate.screen(pool).sum()) >= before // 2


def test_a_trial_is_proposed_from_the_same_knowledge_after_a_restart(
    work: Work, space: Space
) -> None:
    limit_ms = middle_ms(space)
    gate = started(work, space, limit_ms)
    pool = space.sample(50, torch.Generator().manual_seed(6))
    gate.begin(0)
    before = gate.predict(pool)
    for edits in drawn(space, 6, seed=7):
        gate.accepts(edits)
    after = gate.predict(pool)
    again = LatencyGate(space, limit_ms, Latencies(work, space, limit_ms))
    assert torch.equal(again.predict(pool), before)
    for edits in drawn(space, 6, seed=7):
        again.accepts(edits)
    assert torch.equal(again.predict(pool), after)


def test_what_cannot_be_measured_is_refused(
    work: Work, space: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = started(work, space, math.inf)

    def fail(*_: object) -> None:
        raise ValueError("no such operator")

    monkeypatch.setattr("workers.latencies.measure_architecture", fail)
    (edits,) = drawn(space, 1, seed=8)
    assert not gate.accepts(edits)
    assert gate.latency_ms(space.student(edits).hash) is None


def test_the_error_is_of_what_is_known(work: Work, space: Space) -> None:
    gate = started(work, space, 1.0)
    known = len({space.student(edits).hash for edits in drawn(space, 12)})
    assert gate.error.measured == known
    assert 0 <= gate.error.median <= gate.error.p90
