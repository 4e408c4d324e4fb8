"""A step of a search takes as many statements however many trials there are."""

from collections.abc import Hashable, Iterator
from itertools import pairwise

import pytest
import torch

from app.artifacts import Artifacts
from app.database import Database
from app.tables import Trial
from networks import Edits
from tests.app.queries import statements
from tests.app.samples import completed_trial
from tests.workers.jobs import InlinePool, held_work
from workers.preparation import Prepared, prepare
from workers.search import Search
from workers.trial import TrialOutcome


class _Drawing:
    """A proposer that learns nothing."""

    def __init__(self, prepared: Prepared, seed: int) -> None:
        drawn = prepared.space.sample(10, torch.Generator().manual_seed(seed))
        self._left: Iterator[Edits] = iter(prepared.space.edits(drawn))

    def tell(self, completed: object, pending: object) -> None:
        pass

    def ask(self, n: int) -> list[Edits]:
        return [next(self._left) for _ in range(n)]

    def state(self) -> bytes:
        return b"state"


def _outcome(*_: object) -> TrialOutcome:
    return TrialOutcome(b"weights", 0.5, 1, 1.5, (0.5,), None)


def _completed(job_id: str, number: int) -> Trial:
    trial = completed_trial(job_id, number)
    trial.edits = Edits((), {}, ()).to_json()
    return trial


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.search.run_trial", _outcome)
    monkeypatch.setattr("workers.search.BestSoFar.offer", lambda *_: None)


def _steps(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch, before: int
) -> list[list[str]]:
    """Returns what is sent from one trial to the next, with so many trials before them."""
    search = {"evaluations": before + 4, "parallel": 1, "stopping": "none"}
    work = held_work(database, artifacts, search=search)
    work.clock = lambda: 0.0  # a command is looked for once
    prepared = prepare(work)
    drawing = _Drawing(prepared, seed=before)  # others each time: results would be reused
    monkeypatch.setattr("workers.search.job_proposer", lambda *_: drawing)
    with database.write() as session:
        session.add_all(_completed(work.job.id, number) for number in range(before))
    marks: list[int] = []
    assert isinstance(work.pool, InlinePool)
    with statements(database) as sent:

        def mark(_: Hashable) -> None:
            marks.append(len(sent))

        work.pool.before = mark
        Search(work, prepared).run()
    work.writer.finish("cancelled")
    return [sent[start:end] for start, end in pairwise(marks[1:])]


def test_a_step_takes_as_many_statements_however_many_trials_there_are(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = _steps(database, artifacts, monkeypatch, 3)
    many = _steps(database, artifacts, monkeypatch, 300)
    assert [len(step) for step in few] == [len(step) for step in many] == [len(few[0])] * 2
    assert len(few[0]) <= 20, few[0]
