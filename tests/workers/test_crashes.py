"""A coordinator and a Ray worker are killed in the middle of a search: nothing is lost."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from app.artifacts import Artifacts
from app.database import Database
from app.records import TrialRecord
from tests.workers.jobs import add_job, first_job, read_job, read_trials

pytestmark = pytest.mark.cluster
EVALUATIONS = 6
POLL_S = 0.1
LONG_S = 120


def _start(home: Path, ray_address: str) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "STILLHOUSE_HOME": str(home),
        "STILLHOUSE_LEASE_S": "3",
        "STILLHOUSE_RAY_ADDRESS": ray_address,
    }
    with (home / "log").open("ab") as log:
        command = [sys.executable, "-m", "workers"]
        return subprocess.Popen(command, env=environment, stderr=log, start_new_session=True)


def _until(process: subprocess.Popen[bytes], reached: Callable[[], bool], home: Path) -> None:
    """Waits for something that the process does; fails if it ends or takes too long."""
    for _ in range(int(LONG_S / POLL_S)):
        if reached():
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(POLL_S)
            break
    pytest.fail((home / "log").read_text())


def _trial_processes(ray_address: str) -> list[psutil.Process]:
    """The workers of this Ray that run a call now, by the titles that Ray gives them."""
    port = ray_address.rpartition(":")[2]  # Ray may name its host otherwise than it was asked to
    raylets = [
        process
        for process in psutil.process_iter(["name", "cmdline"])
        if process.info["name"] == "raylet"
        and any(
            part.startswith("--gcs-address=") and part.endswith(f":{port}")
            for part in process.info["cmdline"] or []
        )
    ]
    workers = [child for raylet in raylets for child in raylet.children(recursive=True)]
    return [worker for worker in workers if worker.name() == "ray::_run"]


def _kill_one(ray_address: str) -> bool:
    """Kills one of these workers; returns whether there was any."""
    found = _trial_processes(ray_address)
    for worker in found[:1]:
        worker.send_signal(signal.SIGKILL)
    return bool(found)


def test_killed_processes_lose_nothing_and_every_trial_counts_once(
    ray_address: str, home: Path, database: Database, artifacts: Artifacts
) -> None:
    search = {"strategy": "embedding", "kernels": 2, "evaluations": EVALUATIONS}
    training = {"search_epochs": 15}  # long enough to be caught at it
    job_id = add_job(database, artifacts, search=search, training=training)

    def completed() -> list[TrialRecord]:
        return [t for t in read_trials(database, job_id) if t.state == "completed"]

    first = _start(home, ray_address)
    try:
        _until(first, lambda: len(completed()) >= 1, home)
        _until(first, lambda: _kill_one(ray_address), home)
        _until(first, lambda: len(completed()) >= 3, home)
    finally:
        os.killpg(first.pid, signal.SIGKILL)
        first.wait(LONG_S)
    before = completed()
    assert len(before) < EVALUATIONS
    cancelled = first_job(database)
    assert cancelled is not None
    spare = artifacts.put_bytes(f"jobs/{cancelled.id}/checkpoints/3", b"on the way").key
    second = _start(home, ray_address)
    try:
        _until(second, lambda: read_job(database, job_id).state == "succeeded", home)
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
