from collections.abc import Callable, Hashable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import torch

from app.artifacts import Artifacts
from app.database import Database
from embedding import SpaceExhausted
from networks import Edits
from tests.workers.jobs import (
    InlinePool,
    claimed_work,
    held_work,
    quick_student_files,
    read_job,
    read_trials,
)
from workers.checkpoints import CheckpointPlace
from workers.data import TrainingData
from workers.distillation import Distillation, distillation_loss
from workers.lost_attempts import MOST
from workers.offering import best_trials
from workers.pool import Failure
from workers.preparation import Prepared, prepare
from workers.problems import NoStudent
from workers.progress import MOST_CLAIMS
from workers.search import Search
from workers.teacher import Teacher
from workers.training import BatchLoss
from workers.trial import TrialOutcome, TrialSpec, run_trial
from workers.work import Work


@pytest.fixture(autouse=True)
def _quick_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.offering.make_student_files", quick_student_files)


def _searching(
    database: Database, artifacts: Artifacts, **search: object
) -> tuple[Work, Prepared, InlinePool]:
    work = held_work(database, artifacts, search=search)
    assert isinstance(work.pool, InlinePool)
    prepared = prepare(work)
    work.writer.set_state("searching", "training students")
    return work, prepared, work.pool


def test_trials_are_proposed_trained_and_put_on_record(
    database: Database, artifacts: Artifacts
) -> None:
    work, prepared, _ = _searching(database, artifacts, evaluations=3)
    Search(work, prepared).run()
    trials = read_trials(database, work.job.id)
    assert [t.state for t in trials] == ["completed"] * 3
    for trial in trials:
        assert trial.epochs == 1
        assert trial.score is not None
        assert artifacts.exists(str(trial.weights_key))
        costs = prepared.space.costs(prepared.space.candidates([Edits.from_json(trial.edits)]))
        assert (trial.params, trial.macs) == (int(costs.params), int(costs.macs))


def test_never_more_than_parallel_trials_are_under_way(
    database: Database, artifacts: Artifacts
) -> None:
    work, prepared, pool = _searching(database, artifacts, evaluations=5, parallel=3)
    most = 0

    def before(_: Hashable) -> None:
        nonlocal most
        running = sum(t.state == "running" for t in read_trials(database, work.job.id))
        most = max(most, running)

    pool.before = before
    Search(work, prepared).run()
    assert most == 3


def test_the_same_seed_gives_the_same_trials(database: Database, artifacts: Artifacts) -> None:
    found = []
    for seed in (3, 3, 4):
        work, prepared, _ = _searching(
            database,
            artifacts,
            strategy="embedding",
            kernels=1,
            evaluations=3,
            parallel=1,
            seed=seed,
        )
        Search(work, prepared).run()
        work.writer.finish("cancelled")
        found.append([(t.hash, t.seed) for t in read_trials(database, work.job.id)])
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_one_failed_trial_is_put_on_record_with_evidence_and_the_search_goes_on(
    database: Database, artifacts: Artifacts
) -> None:
    work, prepared, pool = _searching(database, artifacts, evaluations=3)
    pool.before = lambda key: Failure("Diverged", "epoch 1", "the lines") if key == 1 else None
    Search(work, prepared).run()
    trials = read_trials(database, work.job.id)
    assert [t.state for t in trials] == ["completed", "failed", "completed"]
    assert trials[1].error is not None
    assert trials[1].error["detail"] == "Diverged: epoch 1"
    assert "the lines" in str(trials[1].error["errors"])


def test_a_student_that_diverges_fails_with_its_epoch_and_cause_and_the_search_goes_on(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, prepared, pool = _searching(database, artifacts, evaluations=3)
    running: list[object] = []
    pool.before = running.append
    make = distillation_loss

    def broken(teacher: Teacher, distillation: Distillation) -> BatchLoss:
        loss = make(teacher, distillation)
        if running[-1] != 1:
            return loss
        return lambda logits, batch: loss(logits, batch) * float("nan")

    monkeypatch.setattr("workers.trial.distillation_loss", broken)
    Search(work, prepared).run()
    trials = read_trials(database, work.job.id)
    assert [t.state for t in trials] == ["completed", "failed", "completed"]
    told = "Diverged: Training diverged in epoch 1: the loss is nan."
    assert trials[1].error is not None
    assert trials[1].error["detail"] == told


def test_a_search_goes_on_where_another_coordinator_died(
    database: Database, artifacts: Artifacts
) -> None:
    work, prepared, pool = _searching(
        database, artifacts, strategy="embedding", kernels=1, evaluations=4
    )

    def die(key: Hashable) -> None:
        if key == 2:
            raise KeyboardInterrupt

    pool.before = die
    with pytest.raises(KeyboardInterrupt):
        Search(work, prepared).run()
    before = read_trials(database, work.job.id)
    assert [t.state for t in before] == ["completed", "completed", "running", "running"]
    with database.write() as session:
        session.connection().exec_driver_sql(
            "UPDATE jobs SET lease_owner = NULL, lease_until = NULL"
        )
    next_work = claimed_work(database, artifacts, work.job.id)
    assert next_work.job.proposer_key is not None
    Search(next_work, prepare(next_work)).run()
    after = read_trials(database, work.job.id)
    assert after[:2] == before[:2]
    assert [t.state for t in after] == ["completed"] * 4
    assert [t.hash for t in after] == [t.hash for t in before]
    assert [t.attempts for t in after] == [0, 0, 1, 1]
    assert [[x.loss for x in t.lost_attempts] for t in after] == [[], [], ["stale"], ["stale"]]


def test_a_trial_outlives_more_restarts_than_deaths_of_its_worker_are_allowed(
    database: Database, artifacts: Artifacts
) -> None:
    work, prepared, pool = _searching(database, artifacts, evaluations=1)
    pool.before = _interrupt
    for _ in range(MOST["died"] + 1):
        with pytest.raises(KeyboardInterrupt):
            Search(work, prepared).run()
        pool.waiting.clear()
    pool.before = lambda _: None
    Search(work, prepared).run()
    (trial,) = read_trials(database, work.job.id)
    assert (trial.state, trial.attempts) == ("completed", MOST["died"] + 1)


def test_a_trial_that_is_always_lost_with_its_coordinator_is_given_up_before_its_job(
    database: Database, artifacts: Artifacts
) -> None:
    assert MOST["stale"] < MOST_CLAIMS
    work, prepared, pool = _searching(database, artifacts, evaluations=2, parallel=1)
    pool.before = lambda key: _interrupt(key) if key == 0 else None
    for _ in range(MOST["stale"]):
        with pytest.raises(KeyboardInterrupt):
            Search(work, prepared).run()
        pool.waiting.clear()
    Search(work, prepared).run()
    first, second = read_trials(database, work.job.id)
    assert (first.state, len(first.lost_attempts)) == ("failed", MOST["stale"])
    assert second.state == "completed"


def test_a_trial_whose_workers_die_is_sent_again_and_fails_with_the_evidence(
    database: Database, artifacts: Artifacts
) -> None:
    work, prepared, pool = _searching(database, artifacts, evaluations=3, parallel=1)
    deaths: dict[Hashable, int] = {0: 1, 1: 99}

    def die(key: Hashable) -> Failure | None:
        deaths[key] = deaths.get(key, 0) - 1
        if deaths[key] < 0:
            return None
        return Failure("WorkerDied", "it died", f"signal 9, {deaths[key]} left", "died")

    pool.before = die
    Search(work, prepared).run()
    again, given_up, other = read_trials(database, work.job.id)
    assert (again.state, again.attempts) == ("completed", 1)
    assert (given_up.state, len(given_up.lost_attempts)) == ("failed", MOST["died"])
    assert given_up.error is not None
    assert "worker process was lost 3 times" in str(given_up.error["detail"])
    assert "attempt 2: signal 9, 96 left" in str(given_up.error["errors"])
    assert other.state == "completed"
    assert pool.sent.count(1) == MOST["died"]


def _interrupt(_: Hashable) -> None:
    raise KeyboardInterrupt


def test_only_the_newest_state_of_the_proposer_is_kept(
    database: Database, artifacts: Artifacts
) -> None:
    work, prepared, _ = _searching(
        database, artifacts, strategy="embedding", kernels=1, evaluations=3, parallel=1
    )
    Search(work, prepared).run()
    key = read_job(database, work.job.id).proposer_key
    assert key == work.key("proposer/2-1.safetensors")
    assert artifacts.exists(key)
    assert not artifacts.exists(work.key("proposer/1-1.safetensors"))


@pytest.mark.parametrize(("late_s", "trials"), [(59.0, 5), (60.0, 3)])
def test_after_max_wall_s_nothing_new_is_started(
    late_s: float, trials: int, database: Database, artifacts: Artifacts
) -> None:
    work, prepared, pool = _searching(
        database, artifacts, evaluations=5, parallel=1, max_wall_s=60.0
    )
    started_at = read_job(database, work.job.id).started_at
    assert started_at is not None
    now = [started_at]

    def before(key: Hashable) -> None:
        if key == 2:
            now[0] = started_at + timedelta(seconds=late_s)

    pool.before = before
    Search(work, prepared, lambda: now[0]).run()
    assert [t.state for t in read_trials(database, work.job.id)] == ["completed"] * trials


class _Exhausted:
    """A proposer of a space with two students left."""

    def __init__(self, prepared: Prepared) -> None:
        drawn = prepared.space.sample(2, torch.Generator().manual_seed(0))
        self._left: Iterator[Edits] = iter(prepared.space.edits(drawn))

    def tell(self, completed: object, pending: object) -> None:
        pass

    def ask(self, n: int) -> list[Edits]:
        found = [edits for edits, _ in zip(self._left, range(n), strict=False)]
        if len(found) < n:
            raise SpaceExhausted(n, found)
        return found

    def state(self) -> bytes:
        return b""


def test_an_exhausted_space_ends_the_search_with_what_there_is(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, prepared, _ = _searching(database, artifacts, evaluations=9, parallel=3)
    proposer = _Exhausted(prepared)
    monkeypatch.setattr("workers.search.job_proposer", lambda *_: proposer)
    search = Search(work, prepared)
    assert not search.is_exhausted
    search.run()
    assert [t.state for t in read_trials(database, work.job.id)] == ["completed"] * 2
    assert search.is_exhausted


class _OneByOne(_Exhausted):
    """A proposer that finds nothing new while a trial is pending."""

    def __init__(self, prepared: Prepared) -> None:
        drawn = prepared.space.edits(prepared.space.sample(3, torch.Generator().manual_seed(0)))
        self._drawn, self._ended, self._pending = drawn, 0, 0

    def tell(self, completed: object, pending: object) -> None:
        assert isinstance(completed, list)
        assert isinstance(pending, list)
        self._ended, self._pending = len(completed), len(pending)

    def ask(self, n: int) -> list[Edits]:
        found = [] if self._pending else self._drawn[self._ended : self._ended + 1]
        if len(found) < n:
            raise SpaceExhausted(n, found)
        return found


@pytest.mark.parametrize("killed", [False, True])
def test_what_was_not_found_is_asked_for_again_as_after_a_restart(
    killed: bool, database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, prepared, pool = _searching(database, artifacts, evaluations=3, parallel=2)
    monkeypatch.setattr("workers.search.job_proposer", lambda *_: _OneByOne(prepared))
    if killed:
        pool.before = _interrupt
        with pytest.raises(KeyboardInterrupt):
            Search(work, prepared).run()
        pool.waiting.clear()
        pool.before = lambda _: None
    Search(work, prepared).run()
    trials = read_trials(database, work.job.id)
    assert [t.state for t in trials] == ["completed"] * 3
    drawn = _OneByOne(prepared)._drawn
    assert [t.hash for t in trials] == [prepared.space.student(edits).hash for edits in drawn]


def test_a_search_without_a_student_says_so(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, prepared, _ = _searching(database, artifacts)
    proposer = _Exhausted(prepared)
    proposer.ask(2)
    monkeypatch.setattr("workers.search.job_proposer", lambda *_: proposer)
    with pytest.raises(NoStudent):
        Search(work, prepared).run()


def _told(curves: Iterator[tuple[float, ...]]) -> Callable[..., TrialOutcome]:
    """Returns what takes the place of `run_trial`: curves that are told, stopped as they would."""

    def run(data: object, teacher: object, spec: TrialSpec) -> TrialOutcome:  # noqa: ARG001
        curve = next(curves)
        for epochs in range(1, len(curve)):
            known = curve[:epochs]
            likely = spec.stopping.hopeless(known) if spec.stopping else None
            if likely is not None:
                return TrialOutcome(b"", likely, epochs, 1.5, known, "l2", stopped=True)
        return TrialOutcome(b"weights", curve[-1], len(curve), 2.5, curve, "l1")

    return run


def test_a_trial_that_went_on_from_a_checkpoint_says_from_where(
    database: Database,
    artifacts: Artifacts,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ends = [
        TrialOutcome(b"", 0.5, 3, 1.0, (0.5, 0.5, 0.5), stopped=True, resumed_after=2),
        TrialOutcome(b"weights", 0.5, 4, 1.0, (0.5, 0.5, 0.5, 0.5), resumed_after=3),
        TrialOutcome(b"weights", 0.5, 4, 1.0, (0.5, 0.5, 0.5, 0.5)),
    ]
    monkeypatch.setattr("workers.search.run_trial", lambda *_: ends.pop(0))
    monkeypatch.setattr("workers.search.BestSoFar.offer", lambda *_: None)
    work, prepared, _ = _searching(database, artifacts, evaluations=3, parallel=1)
    with caplog.at_level("INFO"):
        Search(work, prepared).run()
    told = [record.message for record in caplog.records if "went on" in record.message]
    kept = "which an earlier attempt had kept"
    assert told == [
        f"{work.job.id}: trial {n} went on after epoch {epoch}, {kept}"
        for n, epoch in ((0, 2), (1, 3))
    ]


def _told_curves() -> Iterator[tuple[float, ...]]:
    """Yields six that grow alike, one that is hopeless from the start, and the best one."""
    for number in range(6):
        yield (0.25 + number / 16, 0.375 + number / 16, 0.5 + number / 16)
    yield (0.125, 0.25, 0.375)
    yield (0.625, 0.75, 0.875)


@pytest.mark.parametrize("stopping", ["curves", "none"])
def test_a_hopeless_trial_is_stopped_and_counts(
    stopping: str, database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.search.run_trial", _told(_told_curves()))
    monkeypatch.setattr("workers.search.BestSoFar.offer", lambda *_: None)
    work, prepared, _ = _searching(
        database, artifacts, evaluations=8, parallel=1, stopping=stopping
    )
    accuracy = {"kind": "accuracy"}
    request = work.job.request.model_validate(work.job.request.to_json() | {"objective": accuracy})
    work.job = replace(work.job, request=request)
    Search(work, prepared).run()
    trials = read_trials(database, work.job.id)
    ended = "stopped" if stopping == "curves" else "completed"
    assert [t.state for t in trials] == ["completed"] * 6 + [ended, "completed"]
    completed, stopped = trials[5], trials[6]
    assert (completed.curve, completed.criterion) == ((0.5625, 0.6875, 0.8125), "l1")
    if stopping == "curves":
        assert (stopped.curve, stopped.epochs, stopped.duration_s) == ((0.125,), 1, 1.5)
        assert (stopped.accuracy, stopped.score, stopped.weights_key) == (None, None, None)
        assert stopped.criterion == "l2"
        best = best_trials(work, trials, prepared.record, 8)
        assert stopped.number not in [trial.number for trial in best]


def test_a_trial_is_kept_on_the_way_until_it_has_ended(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, prepared, _ = _searching(database, artifacts, evaluations=2, parallel=1)
    places: list[CheckpointPlace] = []

    def run(data: TrainingData, teacher: Teacher, spec: TrialSpec) -> TrialOutcome:
        assert spec.checkpoints is not None
        places.append(spec.checkpoints)
        Artifacts(spec.checkpoints.url).put_bytes(spec.checkpoints.key, b"on the way")
        if len(places) == 2:
            raise ArithmeticError
        return run_trial(data, teacher, spec)

    monkeypatch.setattr("workers.search.run_trial", run)
    monkeypatch.setattr("workers.search.BestSoFar.offer", lambda *_: None)
    Search(work, prepared).run()
    states = [trial.state for trial in read_trials(database, work.job.id)]
    assert states == ["completed", "failed"]
    assert [place.key for place in places] == [work.key(f"checkpoints/{x}") for x in range(2)]
    assert {place.recipe for place in places} == {prepared.recipe_hash}
    assert not any(artifacts.exists(place.key) for place in places)
