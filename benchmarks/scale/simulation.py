"""Jobs that real coordinators search, on workers that only wait."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast
from unittest.mock import patch

from app.artifacts import Artifacts
from app.database import Database
from app.jobs import create_job, get_job
from app.leases import claim
from app.records import TeacherRecord
from app.requests import JobRequest
from benchmarks.scale.simulated_pool import SimulatedPool, Trials
from benchmarks.scale.virtual_time import Turn, run_in_turns
from embedding import Observation, Proposer
from networks import Edits, Space
from workers.constraints import costs_of, objective_of
from workers.data import TrainingData
from workers.loading import load_dataset
from workers.pool import Placed
from workers.precision import Precision
from workers.preparation import Prepared
from workers.preprocessing import Preprocessing
from workers.proposing import job_proposer
from workers.search import Search
from workers.teacher import Teacher
from workers.work import Work

_NEVER_S = 10 * 86_400.0


@dataclass(frozen=True)
class Scale:
    """How much there is to do.

    Attributes:
        evaluations: of each job.
        parallel: workers of each job.
        fit_s: what it takes to fit the search's model to the trials told, with `known` on record or
            fewer; with more in proportion.
        proposal_s: the same of each proposal that is asked for.
    """

    jobs: int
    evaluations: int
    parallel: int
    trials: Trials
    fit_s: float
    proposal_s: float
    known: int = 200
    seed: int = 0


@dataclass
class Outcome:
    """What came of a job, in virtual seconds.

    Attributes:
        busy: when its trials began and ended.
        all_sent_s: when its last trial began: until then its workers had something to do.
        computed_s: what its coordinator took of its own time, proposals among it.
    """

    busy: list[tuple[float, float]] = field(default_factory=list)
    all_sent_s: float = 0.0
    computed_s: float = 0.0


class _Charged:
    """A proposer that takes as long as that of a real search."""

    def __init__(self, proposer: Proposer, turn: Turn, scale: Scale) -> None:
        self._proposer, self._turn, self._scale = proposer, turn, scale
        self._known = 0

    def tell(self, completed: Sequence[Observation], pending: Sequence[Edits]) -> None:
        self._known = len(completed)
        self._proposer.tell(completed, pending)

    def ask(self, n: int) -> list[Edits]:
        share = max(1.0, self._known / self._scale.known)
        self._turn.spend((self._scale.fit_s + n * self._scale.proposal_s) * share)
        return self._proposer.ask(n)

    def state(self) -> bytes:
        return self._proposer.state()


def simulate(
    database: Database,
    artifacts: Artifacts,
    space: Space,
    scale: Scale,
    on_trial: Callable[[], None],
) -> list[Outcome]:
    """Carries all jobs out, each by a coordinator of its own; returns what came of them.

    Args:
        database: the coordinators'.
        artifacts: theirs.
        space: of all jobs' students.
        scale: how much there is to do.
        on_trial: called as each trial begins.
    """
    with database.write() as session:
        for number in range(scale.jobs):
            create_job(session, _request(number, scale))
    outcomes = [Outcome() for _ in range(scale.jobs)]

    def proposer(work: Work, prepared: Prepared, key: str | None) -> _Charged:
        pool = cast(SimulatedPool, work.pool)
        return _Charged(job_proposer(work, prepared, key), pool.turn, scale)

    def search(number: int) -> Callable[[Turn], None]:
        def carry_out(turn: Turn) -> None:
            draws = random.Random(number)
            pool = SimulatedPool(turn=turn, trials=scale.trials, draws=draws, on_trial=on_trial)
            work = _claimed(database, artifacts, pool)
            Search(work, _prepared(work, space)).run()
            work.writer.finish("succeeded")
            outcome = outcomes[number]
            outcome.busy = pool.busy
            outcome.all_sent_s = max(begun for begun, _ in pool.busy)
            turn.spend()
            outcome.computed_s = turn.computed_s

        return carry_out

    with patch("workers.search.job_proposer", proposer):
        run_in_turns([search(number) for number in range(scale.jobs)])
    return outcomes


def _request(number: int, scale: Scale) -> JobRequest:
    return JobRequest.model_validate(
        {
            "name": f"job {number}",
            "teacher": {"network": "zoo/resnet20"},
            "dataset": {"name": "digits"},
            "search": {
                "strategy": "random",
                "evaluations": scale.evaluations,
                "parallel": scale.parallel,
                "seed": scale.seed + number,
            },
        }
    )


def _claimed(database: Database, artifacts: Artifacts, pool: SimulatedPool) -> Work:
    lease = claim(database, "simulated", _NEVER_S)
    assert lease is not None
    with database.read() as session:
        job = get_job(session, lease.job_id)
    work = Work(job, lease, database, artifacts, pool, threading.Event(), threading.Event())
    work.writer.set_state("searching", "training students")
    return work


def _prepared(work: Work, space: Space) -> Prepared:
    """Returns what a search reads of a teacher; its weights and images stay unread."""
    costs = costs_of(space)
    dataset = load_dataset(
        work.database, work.artifacts, work.shelf, work.job.request.dataset, work.check
    )
    record = TeacherRecord(
        params=costs["params"],
        macs=costs["macs"],
        bytes=costs["bytes"],
        accuracy=0.95,
        test_accuracy=None,
        weights_key="weights",
        architecture_key="architecture",
        splits_key="splits",
        precision=Precision().to_json(),
        preprocessing={},
    )
    work.writer.record_teacher(record)
    return Prepared(
        dataset=dataset,
        splits=dataset.splits,
        preprocessing=cast(Preprocessing, None),
        space=space,
        objective=objective_of(work.job.request, costs, record.accuracy),
        record=record,
        data=cast(Placed[TrainingData], Placed(None)),
        teacher=cast(Placed[Teacher], Placed(None)),
        recipe_hash=work.job.id,  # no job takes over what another has trained
    )
