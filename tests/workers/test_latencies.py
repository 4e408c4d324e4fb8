import json
from collections.abc import Callable

import pytest
import torch

from app.artifacts import Artifacts
from app.database import Database
from app.leases import release
from app.problems import LeaseLost
from networks import LatencySetting, Space
from tests.workers.jobs import InlinePool, claimed_work, held_work, measurement, quick_latency
from tests.workers.trained import Trained
from workers.latencies import FIRST, Latencies
from workers.latency_measurement import Measurement
from workers.work import Work


@pytest.fixture
def space(trained: Trained) -> Space:
    return trained.space


@pytest.fixture
def work(database: Database, artifacts: Artifacts) -> Work:
    return held_work(database, artifacts, latency={"batch_size": 4})


def sent(work: Work) -> int:
    assert isinstance(work.pool, InlinePool)
    return work.pool.sent.count("a latency")


def test_what_was_measured_is_known_after_a_restart(
    work: Work, space: Space, trained: Trained
) -> None:
    measured = Latencies(work, space, None).of(trained.edits, 3)
    assert measured.median_ms is not None
    again = Latencies(work, space, None)
    assert again.of(trained.edits, 9) == measured
    assert again.find(measured.hash) == measured
    assert sent(work) == 1


def test_as_many_cpus_are_reserved_as_it_is_measured_on(
    database: Database,
    artifacts: Artifacts,
    space: Space,
    trained: Trained,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    work = held_work(database, artifacts, latency={"threads": 4}, resources={"cpus": 1})
    reserved, send = [], work.pool.send

    def note(
        key: str,
        function: Callable[..., object],
        *arguments: object,
        threads: int,
        exactly: bool,
    ) -> None:
        reserved.append((threads, exactly))
        send(key, function, *arguments, threads=threads, exactly=exactly)

    monkeypatch.setattr(work.pool, "send", note)
    Latencies(work, space, None).of(trained.edits, 3)
    assert reserved == [(4, True)]


def test_the_record_says_how_and_on_what_it_was_measured(
    work: Work, space: Space, trained: Trained, artifacts: Artifacts
) -> None:
    Latencies(work, space, None).of(trained.edits, 3)
    document = json.loads(artifacts.read_bytes(work.key("latencies/1.json")))
    assert document["setting"] == {"runtime": "onnxruntime", "batch_size": 4, "threads": 1}
    assert document["measured"][0]["measurement"]["processor"] == "a processor"


def test_measurements_are_told_by_the_trial_they_were_made_for(work: Work, space: Space) -> None:
    latencies = Latencies(work, space, None)
    drawn = space.edits(space.sample(5, torch.Generator().manual_seed(0)))
    for trial, edits in zip((FIRST, FIRST, 0, 1, 1), drawn, strict=True):
        latencies.of(edits, trial)
    assert [m.trial for m in latencies.before(0)] == [FIRST, FIRST]
    assert [m.trial for m in latencies.before(1)] == [FIRST, FIRST, 0]


@pytest.mark.parametrize(("limit_ms", "times"), [(2.0, 1), (1.0, 2), (0.5, 1)])
def test_one_that_is_just_above_the_limit_is_measured_twice(
    work: Work, trained: Trained, monkeypatch: pytest.MonkeyPatch, limit_ms: float, times: int
) -> None:
    found = iter([1.1, 0.9])

    def slower_at_first(_: str, setting: LatencySetting) -> Measurement:
        assert setting.batch_size == 4
        return measurement(next(found))

    monkeypatch.setattr("workers.latencies.measure_architecture", slower_at_first)
    measured = Latencies(work, trained.space, limit_ms).of(trained.edits, FIRST)
    assert sent(work) == times
    assert measured.median_ms == (1.1 if times == 1 else 0.9)


def test_a_failure_is_on_record_and_not_tried_again(
    work: Work, space: Space, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("no such operator")

    monkeypatch.setattr("workers.latencies.measure_architecture", fail)
    Latencies(work, space, None).of(trained.edits, FIRST)
    monkeypatch.setattr("workers.latencies.measure_architecture", quick_latency)
    measured = Latencies(work, space, None).of(trained.edits, FIRST)
    assert measured.median_ms is None
    assert "no such operator" in str(measured.detail)


def test_nothing_is_written_of_a_job_that_is_lost(
    work: Work, space: Space, trained: Trained, artifacts: Artifacts
) -> None:
    latencies = Latencies(work, space, None)
    assert isinstance(work.pool, InlinePool)
    work.pool.before = lambda _: work.lost.set()
    with pytest.raises(LeaseLost):
        latencies.of(trained.edits, FIRST)
    assert not artifacts.exists(work.key("latencies/1.json"))


def test_who_lost_a_job_overwrites_no_measurement_of_the_next(
    work: Work, space: Space, database: Database, artifacts: Artifacts
) -> None:
    one, two, three = space.edits(space.sample(3, torch.Generator().manual_seed(0)))
    lost = Latencies(work, space, None)
    before = lost.of(one, FIRST)
    release(database, work.lease)
    again = claimed_work(database, artifacts, work.job.id)
    newer = Latencies(again, space, None).of(two, FIRST)
    lost.of(three, FIRST)
    assert Latencies(again, space, None).before(0) == [before, newer]
