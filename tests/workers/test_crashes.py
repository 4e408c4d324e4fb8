"""A coordinator and a Ray worker are killed in the middle of a search: nothing is lost."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from app.artifacts import Artifacts
from app.database import Database
from app.records import TrialRecord
from tests.workers.coordinators import LONG_S, start_coordinator, until
from tests.workers.jobs import add_job, first_job, read_job, read_trials
from tests.workers.ray_nodes import RayNode

pytestmark = pytest.mark.cluster
EVALUATIONS = 6


def _kill_one(node: RayNode) -> bool:
    """Kills one of the workers that run a call now; returns whether there was any."""
    found = node.busy()
    for worker in found[:1]:
        worker.send_signal(signal.SIGKILL)
    return bool(found)


def test_killed_processes_lose_nothing_and_every_trial_counts_once(
    ray_node: RayNode, home: Path, database: Database, artifacts: Artifacts
) -> None:
    search = {"strategy": "embedding", "kernels": 2, "evaluations": EVALUATIONS}
    training = {"search_epochs": 15}  # long enough to be caught at it
    job_id = add_job(database, artifacts, search=search, training=training)

    def completed() -> list[TrialRecord]:
        return [t for t in read_trials(database, job_id) if t.state == "completed"]

    first = start_coordinator(home, ray_node.address)
    try:
        until(first, lambda: len(completed()) >= 1, home)
        until(first, lambda: _kill_one(ray_node), home)
        until(first, lambda: len(completed()) >= 3, home)
    finally:
        os.killpg(first.pid, signal.SIGKILL)
        first.wait(LONG_S)
    before = completed()
    assert len(before) < EVALUATIONS
    cancelled = first_job(database)
    assert cancelled is not None
    spare = artifacts.put_bytes(f"jobs/{cancelled.id}/checkpoints/3", b"on the way").key
    second = start_coordinator(home, ray_node.address)
    try:
        until(second, lambda: read_job(database, job_id).state == "succeeded", home)
        second.send_signal(signal.SIGTERM)
        assert second.wait(LONG_S) == 0
    finally:
        with suppress(ProcessLookupError):
            os.killpg(second.pid, signal.SIGKILL)
    trials = read_trials(database, job_id)
    assert [(t.number, t.state) for t in trials] == [(n, "completed") for n in range(EVALUATIONS)]
    assert len({t.hash for t in trials}) == EVALUATIONS
    assert [trials[t.number] for t in before] == before
    assert read_job(database, job_id).best_student_id is not None
    assert not artifacts.exists(spare)  # whoever starts sweeps
