"""A search with many workers asks ahead, and for a few trials at a time."""

from collections.abc import Callable, Iterator

import pytest
import torch

from app.artifacts import Artifacts
from app.database import Database
from networks import Edits
from tests.workers.jobs import InlinePool, held_work, read_trials
from workers.pool import Finished
from workers.preparation import Prepared, prepare
from workers.search import Search
from workers.trial import TrialOutcome
from workers.work import Work


class _Drawing:
    """A proposer that learns nothing, and notes how many it is asked for."""

    def __init__(self, prepared: Prepared, meanwhile: Callable[[], None]) -> None:
        space = prepared.space
        drawn = space.edits(space.sample(400, torch.Generator().manual_seed(0)))
        distinct = {space.student(edits).hash: edits for edits in drawn}
        self._left: Iterator[Edits] = iter(distinct.values())
        self._meanwhile = meanwhile
        self.asked: list[int] = []

    def tell(self, completed: object, pending: object) -> None:
        pass

    def ask(self, n: int) -> list[Edits]:
        self.asked.append(n)
        self._meanwhile()
        return [next(self._left) for _ in range(n)]

    def state(self) -> bytes:
        return b""


class _EagerPool(InlinePool):
    """A pool in which so many calls have ended while the search was busy."""

    ended_meanwhile = 0

    def wait(self, timeout_s: float) -> list[Finished]:
        if not timeout_s and not self.ended_meanwhile:
            return []
        self.ended_meanwhile = max(self.ended_meanwhile - 1, 0)
        return super().wait(1.0)


def _searching(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch, **search: object
) -> tuple[Work, Prepared, _EagerPool]:
    outcome = TrialOutcome(b"weights", 0.5, 1, 1.5, (0.5,), None)
    monkeypatch.setattr("workers.search.run_trial", lambda *_: outcome)
    monkeypatch.setattr("workers.search.BestSoFar.offer", lambda *_: None)
    pool = _EagerPool()
    work = held_work(database, artifacts, pool, search={"stopping": "none", **search})
    prepared = prepare(work)
    work.writer.set_state("searching", "training students")
    return work, prepared, pool


def test_many_workers_find_a_trial_waiting(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, prepared, pool = _searching(database, artifacts, monkeypatch, evaluations=40, parallel=32)
    seen: list[tuple[int, int]] = []

    def meanwhile() -> None:
        states = [trial.state for trial in read_trials(database, work.job.id)]
        seen.append((len(pool.waiting), states.count("queued")))

    proposer = _Drawing(prepared, meanwhile)
    monkeypatch.setattr("workers.search.job_proposer", lambda *_: proposer)
    Search(work, prepared).run()
    assert [t.state for t in read_trials(database, work.job.id)] == ["completed"] * 40
    # Two wait once all workers have one; from then on the next is sent before it is replaced.
    assert proposer.asked == [8, 8, 8, 8, 2] + [1] * 6
    assert seen == [(0, 0), (8, 0), (16, 0), (24, 0), (32, 0)] + [(32, 1)] * 6


def test_all_that_ended_during_a_proposal_is_replaced_before_the_next_one(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, prepared, pool = _searching(database, artifacts, monkeypatch, evaluations=60, parallel=48)
    sent: list[int] = []

    def meanwhile() -> None:
        sent.append(sum(isinstance(key, int) for key in pool.sent))
        if len(sent) == 8:
            pool.ended_meanwhile = 2

    proposer = _Drawing(prepared, meanwhile)
    monkeypatch.setattr("workers.search.job_proposer", lambda *_: proposer)
    Search(work, prepared).run()
    assert proposer.asked[:9] == [8] * 6 + [3, 1, 2]
    assert sent[6:9] == [48, 49, 51]


def test_what_waited_is_sent_by_the_next_coordinator(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, prepared, pool = _searching(database, artifacts, monkeypatch, evaluations=34, parallel=32)
    proposer = _Drawing(prepared, lambda: None)
    monkeypatch.setattr("workers.search.job_proposer", lambda *_: proposer)

    def die(_: object) -> None:
        raise KeyboardInterrupt

    pool.before = die
    with pytest.raises(KeyboardInterrupt):
        Search(work, prepared).run()
    before = read_trials(database, work.job.id)
    assert [t.state for t in before] == ["running"] * 32 + ["queued"] * 2
    pool.waiting.clear()
    pool.before = lambda _: None
    Search(work, prepared).run()
    after = read_trials(database, work.job.id)
    assert [(t.hash, t.state) for t in after] == [(t.hash, "completed") for t in before]
    assert [t.attempts for t in after] == [1] * 32 + [0] * 2
