import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from ray.exceptions import WorkerCrashedError
from sqlalchemy.exc import IntegrityError, OperationalError

from app.artifacts import Artifacts
from app.database import Database
from app.embeddings import get_embedding
from app.job_commands import cancel, pause, resume
from app.leases import claim
from app.requests import ResourcesRequest
from app.students import list_students
from app.tables import Job
from tests.workers.jobs import (
    NEVER_S,
    InlinePool,
    add_job,
    open_home,
    pointers,
    quick_student_files,
    read_job,
    read_trials,
)
from tests.workers.samples import two_digits
from workers.coordinator import (
    ALL_TRIED,
    IDLE_POLL_S,
    LONGEST_WAIT_S,
    Coordinator,
    unique_owner,
)
from workers.data import Dataset
from workers.pool import Failure
from workers.progress import MOST_CLAIMS
from workers.shelf import Shelf
from workers.test_split import write_test_split

READER = """
import sys, torch
split = torch.load(sys.argv[2], weights_only=True)
student = torch.export.load(sys.argv[1]).module()
right = student(split["x"]).argmax(1) == split["y"]
sys.stdout.write(repr(right.double().mean().item()))
assert not [name for name in sys.modules if name.partition(".")[0] in ("networks", "workers")]
"""


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> InlinePool:
    """The coordinator's pool, in which students' files are made without the slow export."""
    pool = InlinePool()

    def begin() -> InlinePool:
        pool.cancelled = False
        return pool

    monkeypatch.setattr("workers.coordinator.Pool", begin)
    monkeypatch.setattr("workers.command_watch.POLL_S", NEVER_S)  # the loop looks for itself
    monkeypatch.setattr("workers.offering.make_student_files", quick_student_files)
    return pool


def _coordinator(database: Database, artifacts: Artifacts) -> Coordinator:
    return Coordinator(database, artifacts, lease_s=NEVER_S)


@dataclass(frozen=True)
class Done:
    database: Database
    artifacts: Artifacts
    job_id: str


@pytest.fixture(scope="module")
def done(new_home: Callable[[], Path]) -> Done:
    """A whole job of the embedding search."""
    database, artifacts = open_home(new_home())
    search = {"strategy": "embedding", "evaluations": 5, "kernels": 2}
    training = {"final_students": 2}
    job_id = add_job(database, artifacts, trained=False, search=search, training=training)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workers.coordinator.Pool", InlinePool)
        assert _coordinator(database, artifacts).run_one()
    return Done(database, artifacts, job_id)


def test_a_job_succeeds_with_every_trial_counted_once(done: Done) -> None:
    job, trials = read_job(done.database, done.job_id), read_trials(done.database, done.job_id)
    assert (job.state, job.error) == ("succeeded", None)
    assert [(t.number, t.state) for t in trials] == [(n, "completed") for n in range(5)]
    assert len({t.hash for t in trials}) == 5
    assert job.teacher is not None
    assert job.teacher.test_accuracy is not None


def test_weights_that_became_no_student_are_deleted(done: Done) -> None:
    trials = read_trials(done.database, done.job_id)
    with done.database.read() as session:
        students = {s.trial_number for s in list_students(session, done.job_id)}
    kept = {t.number for t in trials if done.artifacts.exists(str(t.weights_key))}
    assert kept == students


def test_the_best_final_student_by_validation_is_the_best(done: Done) -> None:
    job = read_job(done.database, done.job_id)
    with done.database.read() as session:
        students = list_students(session, done.job_id)
    finals = [s for s in students if s.final]
    assert len(finals) == 2
    best = max(finals, key=lambda s: (s.score, -s.params))
    assert job.best_student_id == best.id
    assert all(s.test_accuracy is not None for s in finals)
    assert all(s.test_accuracy is None for s in students if not s.final)


def test_a_process_with_torch_alone_gets_the_reported_accuracy(done: Done, tmp_path: Path) -> None:
    with done.database.read() as session:
        student = next(s for s in list_students(session, done.job_id) if s.best)
    for file in student.files:
        done.artifacts.fetch(file.key, tmp_path / file.name)
    count = write_test_split(
        done.database, done.artifacts, Shelf(), done.job_id, tmp_path / "test.pt"
    )
    command = [sys.executable, "-c", READER, "student.pt2", "test.pt"]
    read = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert float(read.stdout) == student.test_accuracy
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["student"]["test_accuracy"] == student.test_accuracy
    assert report["dataset"]["images"]["test"] == count


@pytest.mark.usefixtures("pool")
def test_a_job_saves_its_embedding_for_another_to_start_from(done: Done) -> None:
    saved = read_job(done.database, done.job_id).embedding_id
    assert saved is not None
    with done.database.read() as session:
        record = get_embedding(session, saved)
    assert (record.trials, record.kernels) == (5, 2)
    search = {
        "strategy": "embedding",
        "evaluations": 2,
        "kernels": 1,
        "embedding": {"from": saved, "mode": "adapt"},
    }
    second = add_job(done.database, done.artifacts, search=search)
    assert _coordinator(done.database, done.artifacts).run_one()
    assert read_job(done.database, second).state == "succeeded"


def test_without_a_job_there_is_nothing_to_do(database: Database, artifacts: Artifacts) -> None:
    assert not _coordinator(database, artifacts).run_one()


def _shuffled() -> Dataset:
    dataset = two_digits()
    labels = np.random.default_rng(0).integers(0, 2, len(dataset.labels))
    return Dataset("shuffled", dataset.images, labels, 0, dataset.classes, dataset.scale)


@pytest.mark.parametrize(
    ("images", "changes", "kind", "fields"),
    [
        (
            None,
            {"constraints": {"params_ratio": 1e-6, "macs": 1}},
            "infeasible-constraints",
            ["#/constraints/params_ratio", "#/constraints/macs"],
        ),
        (None, {"teacher": {"network": "zoo/nothing"}}, "unfit-network", ["#/teacher/network"]),
        (None, {"dataset": {"id": "dst_gone"}}, "unusable-dataset", ["#/dataset"]),
        (two_digits(4), {}, "unusable-dataset", ["#/dataset"]),
        (
            _shuffled(),
            {"training": {"teacher_epochs": 1}},
            "useless-teacher",
            ["#/training/teacher_epochs", "#/dataset"],
        ),
        (
            None,
            {"search": {"strategy": "embedding", "embedding": {"from": "emb_gone"}}},
            "unusable-embedding",
            ["#/search/embedding/from"],
        ),
    ],
)
def test_what_can_t_be_done_fails_the_job_and_names_the_field(
    images: Dataset | None,
    changes: dict[str, dict[str, object]],
    kind: str,
    fields: list[str],
    database: Database,
    artifacts: Artifacts,
    pool: InlinePool,
) -> None:
    job_id = add_job(database, artifacts, images, trained=False, **changes)
    _coordinator(database, artifacts).run_one()
    job = read_job(database, job_id)
    assert job.state == "failed"
    assert job.error is not None
    assert job.error["type"] == f"urn:stillhouse:problem:{kind}"
    assert pointers(job.error) == fields
    assert not read_trials(database, job_id)
    assert pool.cancelled
    if kind == "unusable-embedding":
        assert job.teacher is None  # none was trained for nothing


def _at(key: Hashable, act: Callable[[], None]) -> Callable[[Hashable], None]:
    """Returns a hook that acts before the call of this key runs."""

    def before(running: Hashable) -> None:
        if running == key:
            act()

    return before


def test_a_cancelled_job_keeps_its_finished_trials(
    database: Database, artifacts: Artifacts, pool: InlinePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.work.COMMAND_POLL_S", 0.0)
    job_id = add_job(database, artifacts, search={"evaluations": 6})
    checkpoint = f"jobs/{job_id}/checkpoints/1"

    def act() -> None:
        artifacts.put_bytes(checkpoint, b"on the way")
        with database.write() as session:
            cancel(session, job_id)

    pool.before = _at(1, act)
    _coordinator(database, artifacts).run_one()
    assert read_job(database, job_id).state == "cancelled"
    assert not artifacts.exists(checkpoint)
    states = [t.state for t in read_trials(database, job_id)]
    assert states[:2] == ["completed", "completed"]
    assert set(states[2:]) == {"cancelled"}
    assert pool.cancelled


def test_a_paused_job_goes_on_when_it_is_resumed(
    database: Database, artifacts: Artifacts, pool: InlinePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.work.COMMAND_POLL_S", 0.0)
    job_id = add_job(database, artifacts)

    def act() -> None:
        with database.write() as session:
            pause(session, job_id)

    pool.before = _at(0, act)
    _coordinator(database, artifacts).run_one()
    paused = read_trials(database, job_id)
    assert read_job(database, job_id).state == "paused"
    assert [t.state for t in paused] == ["completed", "queued"]
    with database.write() as session:
        resume(session, job_id)
    pool.before = lambda _: None
    pool.sent.clear()
    _coordinator(database, artifacts).run_one()
    assert read_job(database, job_id).state == "succeeded"
    assert read_trials(database, job_id)[0] == paused[0]
    assert "the teacher's training" not in pool.sent


def test_a_coordinator_that_is_stopped_lets_the_job_go(
    database: Database, artifacts: Artifacts, pool: InlinePool
) -> None:
    job_id = add_job(database, artifacts)
    coordinator = _coordinator(database, artifacts)
    pool.before = _at(0, coordinator.stop.set)
    coordinator.run()
    assert read_job(database, job_id).state == "searching"
    assert claim(database, "another", NEVER_S) is not None
    assert pool.cancelled


def test_a_coordinator_that_lost_its_lease_writes_nothing_more(
    database: Database, artifacts: Artifacts, pool: InlinePool
) -> None:
    job_id = add_job(database, artifacts)

    def take_over() -> None:
        with database.write() as session:
            pause(session, job_id)
            session.connection().exec_driver_sql("UPDATE jobs SET lease_owner = 'another'")

    pool.before = _at(1, take_over)
    assert _coordinator(database, artifacts).run_one()
    job = read_job(database, job_id)
    assert (job.state, job.command, job.error) == ("searching", "pause", None)
    assert [t.state for t in read_trials(database, job_id)][:2] == ["completed", "running"]
    assert pool.cancelled


def test_a_job_whose_first_trials_all_fail_is_failed(
    database: Database, artifacts: Artifacts, pool: InlinePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.search.FIRST_FAILURES", 2)
    job_id = add_job(database, artifacts, search={"evaluations": 4, "parallel": 1})
    pool.before = _failing_trials
    _coordinator(database, artifacts).run_one()
    job, trials = read_job(database, job_id), read_trials(database, job_id)
    assert job.state == "failed"
    assert job.error is not None
    assert "Diverged: epoch 1" in str(job.error["detail"])
    assert [t.state for t in trials] == ["failed", "failed"]


def _failing_trials(key: Hashable) -> object | None:
    return Failure("Diverged", "epoch 1", "a traceback") if isinstance(key, int) else None


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (FileNotFoundError("x"), "an artifact is gone: x"),
        (KeyError("x"), "KeyError: 'x'"),
        (PermissionError("x"), "PermissionError: x"),
        (IntegrityError("INSERT", {}, Exception("not unique")), "IntegrityError: not unique"),
    ],
)
def test_a_surprise_fails_the_job_so_that_it_doesn_t_kill_every_coordinator(
    error: Exception, detail: str, database: Database, artifacts: Artifacts, pool: InlinePool
) -> None:
    job_id = add_job(database, artifacts)
    pool.before = _raising(error)
    assert _coordinator(database, artifacts).run_one()
    job = read_job(database, job_id)
    assert job.state == "failed"
    assert job.error is not None
    assert job.error["detail"] == detail
    assert job.error["status"] == 500


@pytest.mark.parametrize("error", [ConnectionError(), OperationalError("", {}, Exception())])
def test_broken_surroundings_leave_the_job_to_another_coordinator(
    error: Exception, database: Database, artifacts: Artifacts, pool: InlinePool
) -> None:
    job_id = add_job(database, artifacts)
    pool.before = _raising(error)
    with pytest.raises(type(error)):
        _coordinator(database, artifacts).run_one()
    assert read_job(database, job_id).state == "searching"
    assert pool.cancelled


def test_a_full_disk_is_waited_for_longer_and_longer(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    coordinator, waited = _coordinator(database, artifacts), list[float]()
    full, away = OSError(errno.ENOSPC, "full"), OperationalError("", {}, Exception())
    outcomes: list[Exception | bool] = [*[full] * 10, True, away, False]

    def run_one() -> bool:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        if not outcomes:
            coordinator.stop.set()
        return coordinator.stop.is_set()

    monkeypatch.setattr(coordinator, "run_one", run_one)
    monkeypatch.setattr(coordinator.stop, "wait", wait)
    coordinator.run()
    assert waited == [1, 2, 4, 8, 16, 32, 64, 128, 256, LONGEST_WAIT_S, 1, IDLE_POLL_S]


@pytest.mark.parametrize("error", [WorkerCrashedError(), ValueError("a mistake of ours")])
def test_a_coordinator_ends_where_waiting_doesn_t_help(
    error: Exception, database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    coordinator = _coordinator(database, artifacts)

    def run_one() -> bool:
        raise error

    monkeypatch.setattr(coordinator, "run_one", run_one)
    with pytest.raises(type(error)):
        coordinator.run()


def test_a_job_that_can_t_be_read_fails_too(
    database: Database, artifacts: Artifacts, pool: InlinePool
) -> None:
    job_id = add_job(database, artifacts)
    with database.write() as session:
        whole = session.get_one(Job, job_id).request
        session.get_one(Job, job_id).request = {}
    assert _coordinator(database, artifacts).run_one()
    with database.write() as session:
        session.get_one(Job, job_id).request = whole
    job = read_job(database, job_id)
    assert job.state == "failed"
    assert job.error is not None
    assert str(job.error["detail"]).startswith("ValidationError")
    assert pool.sent == []


def test_a_job_that_kills_every_coordinator_is_given_up(
    database: Database, artifacts: Artifacts, pool: InlinePool
) -> None:
    job_id = add_job(database, artifacts)
    pool.before = _raising(KeyboardInterrupt(), "the teacher's logits")
    for _ in range(MOST_CLAIMS + 1):
        with pytest.raises(KeyboardInterrupt):
            _coordinator(database, artifacts).run_one()
        with database.write() as session:
            held = session.get_one(Job, job_id)
            held.lease_owner = held.lease_until = None
        pool.waiting.clear()
    assert _coordinator(database, artifacts).run_one()
    job = read_job(database, job_id)
    assert job.state == "failed"
    assert job.error is not None
    assert job.error["type"] == "urn:stillhouse:problem:no-progress"


def _raising(error: BaseException, at: Hashable = 0) -> Callable[[Hashable], None]:
    def before(key: Hashable) -> None:
        if key == at:
            raise error

    return before


def test_two_coordinators_never_hold_the_same_job(
    database: Database, artifacts: Artifacts, pool: InlinePool
) -> None:
    job_id = add_job(database, artifacts)
    seen: list[bool] = []
    pool.before = _at(0, lambda: seen.append(_coordinator(database, artifacts).run_one()))
    assert _coordinator(database, artifacts).run_one()
    assert seen  # of its search, and of its end if it is among the best
    assert not any(seen)
    assert read_job(database, job_id).state == "succeeded"


@pytest.mark.parametrize(("exhausted", "stage"), [(True, ALL_TRIED), (False, "succeeded")])
def test_a_search_that_found_nothing_more_says_so(
    exhausted: bool,
    stage: str,
    database: Database,
    artifacts: Artifacts,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job_id = add_job(database, artifacts)
    looked_at: list[object] = []
    outlooks = SimpleNamespace(last=looked_at.append)
    search = SimpleNamespace(run=lambda: "proposer", is_exhausted=exhausted, outlooks=outlooks)
    monkeypatch.setattr("workers.coordinator.Search", lambda *_: search)
    for name in ("prepare", "finish_students", "save_embedding"):
        monkeypatch.setattr(f"workers.coordinator.{name}", lambda *_: None)
    assert _coordinator(database, artifacts).run_one()
    job = read_job(database, job_id)
    assert (job.state, job.stage) == ("succeeded", stage)
    assert looked_at == ["proposer"]


def test_owners_differ_within_one_process() -> None:
    names = {unique_owner() for _ in range(5)}
    assert len(names) == 5
    assert all(str(os.getpid()) in name for name in names)


def test_a_jobs_calls_reserve_what_it_asks_for(
    pool: InlinePool, database: Database, artifacts: Artifacts
) -> None:
    add_job(database, artifacts, search={"evaluations": 1}, resources={"memory_bytes": 2**30})
    assert _coordinator(database, artifacts).run_one()
    assert pool.resources == ResourcesRequest(memory_bytes=2**30)
