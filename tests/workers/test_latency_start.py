import json

import pytest

from app.artifacts import Artifacts
from app.database import Database
from networks import Space
from tests.workers.jobs import InlinePool, held_work
from tests.workers.trained import Trained
from workers.latency_start import expect_fast_enough, job_gate, teacher_latency_ms
from workers.problems import InfeasibleConstraints, WorkFailed
from workers.work import Work


@pytest.fixture
def space(trained: Trained) -> Space:
    return trained.space


def limited(database: Database, artifacts: Artifacts, limit_ms: float, **more: object) -> Work:
    return held_work(database, artifacts, constraints={"latency_ms": limit_ms, **more})


def teacher_ms(space: Space) -> float:
    return int(space.costs(space.teacher()).macs) / 1e6


def test_the_teacher_the_smallest_and_some_between_are_measured_once(
    database: Database, artifacts: Artifacts, space: Space
) -> None:
    work = limited(database, artifacts, teacher_ms(space) / 2)
    assert isinstance(work.pool, InlinePool)
    expect_fast_enough(work, space)
    measured = json.loads(artifacts.read_bytes(work.key("latencies/1.json")))["measured"]
    found = sorted(row["measurement"]["median_ms"] for row in measured)
    assert 5 <= len(found) <= 12
    assert found[0] == pytest.approx(int(space.costs(space.smallest()).macs) / 1e6)
    assert found[-1] == pytest.approx(teacher_ms(space))
    assert teacher_latency_ms(work, space) == pytest.approx(teacher_ms(space))
    before = len(work.pool.sent)
    expect_fast_enough(work, space)
    assert job_gate(work, space) is not None
    assert len(work.pool.sent) == before


def test_a_limit_that_no_student_keeps_is_refused_with_the_nearest(
    database: Database, artifacts: Artifacts, space: Space
) -> None:
    smallest_ms = int(space.costs(space.smallest()).macs) / 1e6
    work = limited(database, artifacts, smallest_ms / 2)
    with pytest.raises(InfeasibleConstraints) as caught:
        expect_fast_enough(work, space)
    (error,) = caught.value.errors
    assert error.pointer == "#/constraints/latency_ms"
    assert f"{smallest_ms:.4g} ms" in error.detail


def test_other_limits_are_kept_by_what_meets_this_one(
    database: Database, artifacts: Artifacts, space: Space
) -> None:
    work = limited(database, artifacts, teacher_ms(space), macs_ratio=0.1)
    expect_fast_enough(work, space)
    measured = json.loads(artifacts.read_bytes(work.key("latencies/1.json")))["measured"]
    found = sorted(row["measurement"]["median_ms"] for row in measured)
    assert found[-2] <= 0.1 * teacher_ms(space)


def test_a_network_that_cannot_be_measured_ends_the_job(
    database: Database, artifacts: Artifacts, space: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("no such operator")

    monkeypatch.setattr("workers.latencies.measure_architecture", fail)
    with pytest.raises(WorkFailed, match="no such operator"):
        expect_fast_enough(limited(database, artifacts, 1.0), space)


def test_without_a_limit_nothing_is_measured(
    database: Database, artifacts: Artifacts, space: Space
) -> None:
    work = held_work(database, artifacts)
    assert isinstance(work.pool, InlinePool)
    expect_fast_enough(work, space)
    assert job_gate(work, space) is None
    assert teacher_latency_ms(work, space) is None
    assert work.pool.sent == []
