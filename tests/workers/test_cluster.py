"""Ray on several nodes, which come and go while a job runs; all of them are on this machine."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import ray

from app.artifacts import Artifacts
from app.database import Database
from app.job_commands import cancel
from app.records import TrialRecord
from tests.workers.coordinators import POLL_S, start_coordinator, until
from tests.workers.jobs import add_job, read_job, read_trials
from tests.workers.ray_nodes import RayNode, add_node, ray_head
from tests.workers.remote_calls import address_beside
from tests.workers.trained import Trained
from workers.__main__ import connect
from workers.checkpoints import CheckpointPlace, epochs_kept
from workers.data import Labelled
from workers.distillation import Distillation
from workers.pool import Finished, Pool
from workers.trial import TrialOutcome, TrialSpec, run_trial

pytestmark = pytest.mark.cluster
EVALUATIONS = 6
EPOCHS = 100  # a trial of seconds, with checkpoints on the way
LONG_S = 120
CANCEL_S = 10  # two seconds, and what a busy machine takes


@pytest.fixture(scope="module")
def head() -> Iterator[RayNode]:
    """A Ray on whose only node no call can run."""
    with ray_head(cpus=0) as node:
        yield node


@pytest.fixture
def add(head: RayNode) -> Iterator[Callable[[int], RayNode]]:
    """Adds nodes to it, which end with the test."""
    added: list[RayNode] = []

    def add_one(cpus: int) -> RayNode:
        added.append(add_node(head.address, cpus))
        return added[-1]

    yield add_one
    for node in added:
        node.kill()


@pytest.mark.slow
def test_a_job_outlives_a_node_and_uses_a_new_one(
    head: RayNode,
    add: Callable[[int], RayNode],
    home: Path,
    database: Database,
    artifacts: Artifacts,
) -> None:
    search = {"evaluations": EVALUATIONS, "parallel": 2}
    job_id = add_job(database, artifacts, search=search, training={"search_epochs": EPOCHS})
    seen: dict[int, list[int]] = {n: [] for n in range(EVALUATIONS)}  # epochs on checkpoints

    def trials() -> list[TrialRecord]:
        found = read_trials(database, job_id)
        for trial in found:
            kept = epochs_kept(artifacts, f"jobs/{job_id}/checkpoints/{trial.number}")
            seen[trial.number] += [kept] if kept else []
        return found

    def completed() -> int:
        return sum(trial.state == "completed" for trial in trials())

    def both_kept() -> bool:
        running = [t.number for t in trials() if t.state == "running"]
        far = [n for n in running if len(set(seen[n])) >= 2]  # past its first checkpoint
        return len(far) == 2 and bool(first.busy() and second.busy())

    coordinator = start_coordinator(home, head.address)
    try:
        # It begins while there is no node for its calls yet.
        until(coordinator, lambda: read_job(database, job_id).state == "preparing", home)
        first, second = add(1), add(1)
        until(coordinator, both_kept, home)
        first.kill()
        until(coordinator, lambda: any(t.lost_attempts for t in trials()), home)
        third, done = add(1), completed()
        until(coordinator, lambda: bool(third.busy()), home)
        until(coordinator, lambda: completed() > done, home)
        until(coordinator, lambda: read_job(database, job_id).state == "succeeded", home)
    finally:
        os.killpg(coordinator.pid, signal.SIGKILL)
        coordinator.wait(LONG_S)
    ended = read_trials(database, job_id)
    assert [(t.number, t.state) for t in ended] == [(n, "completed") for n in range(EVALUATIONS)]
    assert len({t.hash for t in ended}) == EVALUATIONS
    (lost,) = [t for t in ended if t.lost_attempts]
    assert [one.loss for one in lost.lost_attempts] == ["stale"]
    assert lost.attempts == 1
    assert f"trial {lost.number} went on after epoch " in (home / "log").read_text()


@pytest.mark.slow
def test_a_trial_goes_on_on_another_node_and_ends_as_an_undisturbed_one(
    head: RayNode, add: Callable[[int], RayNode], trained: Trained, tmp_path: Path
) -> None:
    place = CheckpointPlace(f"file://{tmp_path}", "checkpoints/0", "recipe")
    spec = TrialSpec(trained.edits.to_json(), EPOCHS // 2, 5, Distillation("mse", 4.0))
    first = add(1)
    connect(head.address)
    pool = Pool()
    try:
        data, teacher = pool.place(trained.data), pool.place(trained.teacher)
        pool.send(0, run_trial, data, teacher, replace(spec, checkpoints=place))
        while not epochs_kept(Artifacts(place.url), place.key):
            assert pool.wait(POLL_S) == []
        first.kill()
        add(1)
        while not (ended := pool.wait(LONG_S)):
            assert pool.under_way() == {0}
    finally:
        pool.cancel()
        ray.shutdown()
    outcome: TrialOutcome = ended[0].value
    assert ended[0].attempts == 2
    assert 0 < outcome.resumed_after < spec.epochs
    undisturbed = run_trial(trained.data, trained.teacher, spec)
    assert replace(outcome, duration_s=0.0, resumed_after=0) == replace(undisturbed, duration_s=0.0)


@pytest.mark.slow
def test_a_stopped_worker_holds_up_neither_a_cancel_nor_the_next_job(
    head: RayNode,
    add: Callable[[int], RayNode],
    home: Path,
    database: Database,
    artifacts: Artifacts,
) -> None:
    node = add(1)
    long = add_job(database, artifacts, training={"search_epochs": 1000}, search={"parallel": 1})
    coordinator = start_coordinator(home, head.address)

    def is_training() -> bool:
        return any(t.state == "running" for t in read_trials(database, long)) and bool(node.busy())

    try:
        until(coordinator, is_training, home)
        (worker,) = node.busy()
        worker.send_signal(signal.SIGSTOP)
        with database.write() as session:
            cancel(session, long)
        began = time.monotonic()
        until(coordinator, lambda: read_job(database, long).state == "cancelled", home)
        assert time.monotonic() - began < CANCEL_S
        short = add_job(database, artifacts, search={"evaluations": 1, "parallel": 1})
        until(coordinator, lambda: read_job(database, short).state == "succeeded", home)
    finally:
        os.killpg(coordinator.pid, signal.SIGKILL)
        coordinator.wait(LONG_S)


def test_what_is_placed_is_copied_to_a_node_once(
    head: RayNode, add: Callable[[int], RayNode], tmp_path: Path
) -> None:
    add(2)
    connect(head.address)
    pool = Pool()
    try:
        data = pool.place(Labelled(np.ones((100, 1, 64, 64), np.uint8), np.zeros(100, np.int64)))
        for key in range(2):
            pool.send(key, address_beside, data, tmp_path, 2)
        ended: list[Finished] = []
        while len(ended) < 2:
            ended += pool.wait(LONG_S)
            assert len(ended) + len(pool.under_way()) == 2
    finally:
        pool.cancel()
        ray.shutdown()
    (one, where), (other, there) = (finished.value for finished in ended)
    assert one != other
    assert where == there
