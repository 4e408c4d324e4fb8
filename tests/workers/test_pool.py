import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import astuple
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest
import ray

from app.requests import ResourcesRequest
from tests.spans import Spans, trace_of
from tests.workers.remote_calls import (
    die_until,
    divide,
    end_by_code,
    end_by_signal,
    reserved,
    run_forever,
    span_above,
    surroundings,
)
from workers.__main__ import connect
from workers.call_context import CallContext
from workers.data import Labelled
from workers.forked import run_forked
from workers.pool import ATTEMPTS, NICENESS, Failure, Finished, Pool, _answer
from workers.training import MOST_THREADS

pytestmark = pytest.mark.cluster
NOBODY = 65534  # a user id
SHORT_S = 2.0
LONG_S = 60.0


@pytest.fixture(scope="module", autouse=True)
def _connected(ray_address: str) -> Iterator[None]:
    connect(ray_address)
    yield
    ray.shutdown()


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool()
    yield pool
    pool.cancel()


def _one(pool: Pool) -> Finished:
    """Waits, while calls are sent again, for one to end."""
    while not (finished := pool.wait(LONG_S)):
        assert pool.under_way()
    return finished[0]


def test_placed_data_is_shared_and_the_worker_is_nice_with_its_threads(pool: Pool) -> None:
    images = np.ones((100, 1, 64, 64), dtype=np.uint8)
    data = pool.place(Labelled(images, np.zeros(100, np.int64)))
    pool.send("a", surroundings, data, threads=2)
    assert pool.under_way() == {"a"}
    (ended, (writeable, niceness, threads, total), attempt) = astuple(_one(pool))
    assert (ended, writeable, threads, total, attempt) == ("a", False, 2, images.size, 1)
    assert niceness >= NICENESS
    assert pool.under_way() == set()


def _niceness_of_a_call(before: int) -> object:
    """Returns how nice a call is in a worker that was so before, of a user who isn't root."""
    os.setpriority(os.PRIO_PROCESS, 0, before)
    if os.getuid() == 0:
        os.setuid(NOBODY)
    context = CallContext({}, None, None)
    return _answer(partial(os.getpriority, os.PRIO_PROCESS, 0), 1, context, ())


@pytest.mark.parametrize(("before", "nice"), [(0, NICENESS), (15, 15)])
def test_no_call_of_who_is_not_root_undoes_rays_niceness(before: int, nice: int) -> None:
    assert run_forked(partial(_niceness_of_a_call, before)) == nice


def test_what_runs_on_a_worker_is_of_the_span_that_it_was_sent_in(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    spans = Spans(monkeypatch)
    pool.send(0, span_above)
    above = _one(pool).value
    sent = spans.one("span_above")
    assert sent.context is not None
    assert above[:-3] == f"00-{trace_of(sent):032x}-{sent.context.span_id:016x}"


def test_calls_reserve_what_the_job_asks_for(pool: Pool) -> None:
    pool.resources = ResourcesRequest(cpus=2, memory_bytes=2**30)
    assert pool.threads(parallel=2) == 2
    pool.send("a", reserved, threads=2)
    assert _one(pool).value == {"CPU": 2, "memory": 2**30}


def test_a_call_waits_for_a_machine_that_has_it(pool: Pool) -> None:
    pool.resources = ResourcesRequest(gpus=0.5)
    pool.send("a", reserved)
    assert pool.wait(SHORT_S) == []
    assert pool.under_way() == {"a"}


def test_a_call_too_large_for_every_machine_is_sent_with_what_the_largest_has(pool: Pool) -> None:
    pool.send("a", reserved, threads=16)  # as for a machine that has gone
    assert pool.wait(LONG_S) == []
    assert pool.wait(LONG_S) == [Finished("a", {"CPU": 2}, 1)]


def test_a_call_waits_for_a_machine_that_is_asked_for(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.send("a", reserved, threads=16, exactly=True)
    pool.resources = ResourcesRequest(cpus=8)
    pool.send("b", reserved, threads=8)
    monkeypatch.setattr("workers.pool.LOOK_S", 0.0)
    assert pool.wait(SHORT_S) == pool.wait(SHORT_S) == []
    assert pool.under_way() == {"a", "b"}
    assert pool.missing == "cpus 16; cpus 8"
    machine = {"Alive": True, "Resources": {"CPU": 64.0}}
    monkeypatch.setattr(ray, "nodes", lambda: [machine])
    assert pool.wait(SHORT_S) == []
    assert pool.missing == ""


def test_what_a_call_raises_comes_back_with_evidence_and_is_not_tried_again(pool: Pool) -> None:
    pool.send(3, divide, 0)
    finished = _one(pool)
    assert isinstance(finished.value, Failure)
    assert (finished.key, finished.attempts) == (3, 1)
    assert (finished.value.kind, finished.value.detail) == ("ZeroDivisionError", "division by zero")
    assert "in divide" in finished.value.evidence


def test_a_call_whose_worker_dies_is_sent_again(pool: Pool, tmp_path: Path) -> None:
    pool.send(0, die_until, tmp_path, 1)
    assert _one(pool) == Finished(0, 2, 2)


def test_a_call_that_kills_its_workers_fails_in_the_end(pool: Pool, tmp_path: Path) -> None:
    pool.send(0, die_until, tmp_path, 99)
    finished = _one(pool)
    assert isinstance(finished.value, Failure)
    assert (finished.value.kind, finished.value.loss) == ("WorkerDied", "died")
    assert finished.attempts == ATTEMPTS
    assert len(list(tmp_path.iterdir())) == ATTEMPTS


def test_whoever_wants_to_know_of_each_death_is_told_of_the_first(
    pool: Pool, tmp_path: Path
) -> None:
    pool.send(0, die_until, tmp_path, 99, again=False)
    finished = _one(pool)
    assert (finished.value.loss, finished.attempts) == ("died", 1)
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("end", "number", "words"),
    [
        (end_by_signal, signal.SIGKILL, "killed by signal 9 (SIGKILL): "),
        (end_by_signal, signal.SIGSEGV, "killed by signal 11 (SIGSEGV)"),
        (end_by_code, 7, "ended with exit code 7"),
    ],
)
def test_how_a_worker_ended_is_told(
    pool: Pool, end: Callable[[int], None], number: int, words: str
) -> None:
    pool.send(0, end, number, again=False)
    assert words in _one(pool).value.evidence


def test_a_worker_killed_from_outside_is_told(pool: Pool, tmp_path: Path) -> None:
    pool.send(0, run_forever, tmp_path / "started", again=False)
    while not (tmp_path / "started").exists():
        assert pool.wait(0.05) == []
    child = psutil.Process(int((tmp_path / "started").read_text()))
    child.parent().kill()
    assert "killed from outside" in _one(pool).value.evidence
    child.wait(LONG_S)


@pytest.mark.parametrize(
    ("error", "loss", "words"),
    [
        (ray.exceptions.OutOfMemoryError("95% used"), "died", "out of memory, so Ray's"),
        (ray.exceptions.NodeDiedError("no heartbeat"), "stale", "its machine was lost"),
    ],
)
def test_what_ray_knows_of_a_machine_is_told(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, error: Exception, loss: str, words: str
) -> None:
    def lose(_: object) -> None:
        raise error

    pool.send(0, divide, 1, again=False)
    monkeypatch.setattr(ray, "get", lose)
    failure = _one(pool).value
    assert failure.loss == loss
    assert words in failure.evidence
    assert str(error) in failure.evidence


def test_cancelling_kills_what_runs_and_lets_nothing_start(pool: Pool, tmp_path: Path) -> None:
    pool.send(0, run_forever, tmp_path / "started")
    while not (tmp_path / "started").exists():
        assert pool.wait(0.05) == []
    process = psutil.Process(int((tmp_path / "started").read_text()))
    pool.cancel()
    process.wait(LONG_S)
    pool.send(1, divide, 1)
    assert pool.under_way() == set()
    assert pool.wait(LONG_S) == []


def test_an_idle_pool_doesn_t_wait(pool: Pool) -> None:
    assert pool.wait(LONG_S) == []


def test_trainings_share_the_cores_of_a_machine(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [pool.threads(parallel) for parallel in (1, 2, 5)] == [2, 1, 1]
    nodes = [{"Alive": True, "Resources": {"CPU": 64.0}}, {"Alive": False, "Resources": {}}]
    monkeypatch.setattr(ray, "nodes", lambda: nodes)
    assert [pool.threads(parallel) for parallel in (1, 16, 100)] == [MOST_THREADS, 4, 1]


def test_a_cluster_may_have_no_machine_for_calls(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for nodes in ([], [{"Alive": True, "Resources": {"memory": 1.0}}]):
        monkeypatch.setattr(ray, "nodes", lambda nodes=nodes: nodes)
        assert (pool.cores(), pool.threads(1)) == (0, 1)
