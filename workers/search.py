"""The search: asks for students, has them trained, and offers each new best."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from app.jobs import get_job
from app.records import TrialRecord
from app.trials import get_trials
from embedding import Proposer, SpaceExhausted
from networks import Edits
from workers.asking import waiting_trials, wanted_trials
from workers.best_so_far import BestSoFar
from workers.checkpoints import CheckpointPlace
from workers.distillation import Distillation
from workers.known_trials import KnownTrials
from workers.latency_start import job_gate
from workers.lost_attempts import lose_attempt, lose_running
from workers.outlooks import Outlooks
from workers.pool import Failure, Finished
from workers.preparation import Prepared
from workers.problems import AllTrialsFailed, NoStudent
from workers.proposing import job_proposer, new_trials, tell
from workers.reuse import reuse_results
from workers.search_metrics import SearchMetrics
from workers.stopping import stopping_of
from workers.trial import TrialSpec, run_trial
from workers.trial_ends import end_trial, fail_trial
from workers.work import Work

log = logging.getLogger(__name__)

# A job whose first trials all fail is ended: the reason is in none of them alone.
FIRST_FAILURES = 5


def utc_now() -> datetime:
    """Returns the time."""
    return datetime.now(UTC)


class Search:
    """The trials of one job. What it decides by is in SQL; what it holds can be lost.

    Attributes:
        outlooks: puts on record what the surrogate makes of the search.
    """

    def __init__(
        self, work: Work, prepared: Prepared, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._work = work
        self._prepared = prepared
        self._now = now
        self._gate = job_gate(work, prepared.space)
        self._proposer_key = work.job.proposer_key
        self._proposer = self._proposer_on_record()
        self._exhausted: list[bool] | None = None  # which trials had ended when none was found
        self.outlooks = Outlooks(work)
        self._best = BestSoFar(work, prepared, self._gate)
        self._known = KnownTrials(work.database, work.job.id)
        self._metrics = SearchMetrics()

    def _proposer_on_record(self) -> Proposer:
        screen = None if self._gate is None else self._gate.screen
        objective = replace(self._prepared.objective, screen=screen)
        return job_proposer(
            self._work, replace(self._prepared, objective=objective), self._proposer_key
        )

    @property
    def is_exhausted(self) -> bool:
        """Whether there was nothing left to try before all evaluations were done."""
        return self._exhausted is not None and self._exhausted == _ended(self._trials())

    def run(self) -> Proposer:
        """Searches until all evaluations are done; returns the proposer with what it has learned.

        Raises:
            AllTrialsFailed: none of the first trials could be finished.
            NoStudent: the search ended without one.
            LeaseLost, Stopping, Commanded: as `Work.check`.
        """
        lose_running(self._work, self._trials())
        while True:
            trials = self._trials()
            self._expect_some_success(trials)
            if reuse_results(self._work, self._prepared, trials):
                continue
            wanted = self._wanted(trials, self._send_waiting(trials))
            if not wanted or not self._room():
                self._best.offer(trials)
                self.outlooks.look(self._proposer, trials)
            if not wanted and not self._work.under_way():
                if not any(trial.state == "completed" for trial in trials):
                    raise NoStudent("none of the trials completed")
                self.outlooks.look_back(self._proposer, trials)
                return self._proposer
            # A proposal takes its time: a worker that has become free goes first.
            ended = self._work.wait(0.0) if wanted else self._next_ended()
            for finished in ended:
                with self._metrics.settling(finished):
                    self._settle(finished)
            if wanted and not ended:
                with self._metrics.proposing(trials, wanted):
                    self._propose(trials, wanted)

    def _next_ended(self) -> list[Finished]:
        """Returns calls that have ended, once there are any: nothing else gives the search work."""
        while not (ended := self._work.wait()):
            pass
        return ended

    def _expect_some_success(self, trials: Sequence[TrialRecord]) -> None:
        """Raises `AllTrialsFailed` once the first trials have all failed."""
        failed = [t for t in trials if t.state == "failed"]
        first = min(FIRST_FAILURES, self._work.job.request.search.evaluations)
        if len(failed) < first or any(t.state == "completed" for t in trials):
            return
        last = (failed[-1].error or {}).get("detail")
        raise AllTrialsFailed(f"the first {len(failed)} trials all failed, the last one: {last}")

    def _trials(self) -> list[TrialRecord]:
        return self._known.read()

    def _trial(self, number: int) -> TrialRecord:
        with self._work.database.read() as session:
            (trial,) = get_trials(session, self._work.job.id, [number])
        return trial

    def _send_waiting(self, trials: Sequence[TrialRecord]) -> int:
        """Sends the queued trials that there is room for; returns how many still wait."""
        queued, room = [t for t in trials if t.state == "queued"], self._room()
        for trial in queued[:room]:
            self._work.writer.trial_started(trial.number)
            self._send(trial, trials)
        return len(queued[room:])

    def _room(self) -> int:
        flying = sum(isinstance(key, int) for key in self._work.under_way())
        return max(self._work.job.request.search.parallel - flying, 0)

    def _send(self, trial: TrialRecord, trials: Sequence[TrialRecord]) -> None:
        work, request = self._work, self._work.job.request
        training, recipe = request.training, self._prepared.recipe_hash
        spec = TrialSpec(
            edits=trial.edits,
            epochs=training.search_epochs,
            seed=trial.seed,
            distillation=Distillation.of(training),
            stopping=stopping_of(work.job, self._prepared.record, trials, trial),
            checkpoints=CheckpointPlace(work.artifacts.url, self._checkpoint(trial), recipe),
        )
        self._work.pool.send(
            trial.number,
            run_trial,
            self._prepared.data,
            self._prepared.teacher,
            spec,
            threads=self._prepared.threads(self._work.pool.threads(request.search.parallel)),
            again=False,  # that is put on record first
        )
        self._metrics.sent(trial.number, trials)

    def _checkpoint(self, trial: TrialRecord) -> str:
        return self._work.key(f"checkpoints/{trial.number}")

    def _wanted(self, trials: Sequence[TrialRecord], queued: int) -> int:
        """Returns how many trials to propose now, while so many wait."""
        late = bool(trials) and self._out_of_time()
        if late or self._exhausted == _ended(trials):
            return 0
        search = self._work.job.request.search
        # What a latency limit has measured before each trial needs a free worker.
        waiting = waiting_trials(search) if self._gate is None else 0
        return wanted_trials(search.evaluations - len(trials), self._room(), waiting - queued)

    def _out_of_time(self) -> bool:
        """Whether the job has gone on for `max_wall_s`: what is under way still ends and counts.

        The time counts from the job's first start on the database's record: the teacher's
        training, restarts and pauses are in it.
        """
        limit_s = self._work.job.request.search.max_wall_s
        if limit_s is None:
            return False
        with self._work.database.read() as session:
            started_at = get_job(session, self._work.job.id).started_at
        return started_at is not None and (self._now() - started_at).total_seconds() >= limit_s

    def _propose(self, trials: Sequence[TrialRecord], n: int) -> None:
        """Puts up to `n` new trials on record, with the proposer's state."""
        work, first = self._work, len(trials)
        tell(self._proposer, trials)
        try:
            proposed = self._ask(n, first)
        except SpaceExhausted as error:
            log.info("%s: %s", work.job.id, error)
            proposed = error.found
        if not proposed:
            # Once another trial has ended it is asked again, by what is on record: as it would be
            # after a restart.
            self._exhausted, self._proposer = _ended(trials), self._proposer_on_record()
            return
        key = self._store_state(first)
        latency = None if self._gate is None else self._gate.latency_ms
        rows = new_trials(self._prepared, work.job.seed, first, proposed, latency)
        work.writer.add_trials(rows, key)
        self._metrics.proposed(rows, trials)
        if key is not None and self._proposer_key is not None:
            work.artifacts.delete(self._proposer_key)
        self._proposer_key = key or self._proposer_key

    def _ask(self, n: int, first: int) -> list[Edits]:
        """Asks for `n` candidates; under a latency limit each was measured and keeps it."""
        if self._gate is None:
            return self._proposer.ask(n)
        self._gate.begin(first)
        return self._proposer.ask(n, self._gate.accepts)

    def _store_state(self, first: int) -> str | None:
        state = self._proposer.state()
        if not state:
            return None
        name = f"proposer/{first}-{self._work.lease.fence}.safetensors"
        return self._work.artifacts.put_bytes(self._work.key(name), state).key

    def _settle(self, finished: Finished) -> None:
        """Puts on record what came of a call."""
        if isinstance(finished.key, int):
            trial = self._trial(finished.key)
            if isinstance(finished.value, Failure) and finished.value.loss is not None:
                lose_attempt(self._work, trial, finished.value.loss, finished.value.evidence)
                return
            if isinstance(finished.value, Failure):
                fail_trial(self._work, trial, finished.value)
            else:
                end_trial(self._work, self._prepared.record, trial, finished.value)
            self._work.artifacts.delete(self._checkpoint(trial))
        else:
            self._best.settle(finished.value)


def _ended(trials: Sequence[TrialRecord]) -> list[bool]:
    """Returns which trials have ended: all that a proposer is told of their states."""
    return [trial.state in ("completed", "stopped", "failed") for trial in trials]
