"""The best student so far, with its files, while a search goes on."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from app.records import TrialRecord
from app.students import list_students
from workers.latency_gate import LatencyGate
from workers.offering import (
    best_trials,
    offer,
    report,
    send_student,
    trained_student,
    within_limit,
)
from workers.pool import Failure
from workers.preparation import Prepared
from workers.student_files import StudentFiles
from workers.work import Work

log = logging.getLogger(__name__)

KEY = "the best student's files"


class BestSoFar:
    """Offers each new best trial's student; one export at a time, and only the newest best."""

    def __init__(self, work: Work, prepared: Prepared, gate: LatencyGate | None) -> None:
        self._work = work
        self._gate = gate
        self._prepared = prepared
        with work.database.read() as session:
            students = list_students(session, work.job.id)
        self._replaced = any(student.final for student in students)
        self._offered = {student.trial_number: student.id for student in students}
        self._best: int | None = None  # a restarted coordinator says it once more
        self._failed: set[int] = set()
        self._offering: TrialRecord | None = None

    def offer(self, trials: Sequence[TrialRecord]) -> None:
        """Starts making the best trial's files, unless it is offered or one is being made.

        A trial whose student was passed over gives way to the next best one. One that is offered
        is made the best again, where another has put the last best out of a Pareto set.
        """
        if self._replaced or self._offering is not None:
            return
        able = [trial for trial in trials if trial.number not in self._failed]
        best = best_trials(self._work, able, self._prepared.record, 1)
        if not best or best[0].number == self._best:
            return
        if best[0].number in self._offered:
            self._best = best[0].number
            self._work.writer.set_best(self._offered[self._best])
            return
        self._offering = best[0]
        weights = self._work.artifacts.read_bytes(str(best[0].weights_key))
        epochs = self._work.job.request.training.search_epochs
        told = report(
            self._work,
            self._prepared,
            best[0],
            final=False,
            epochs=epochs,
            teacher_test=None,
            predicted=None if self._gate is None else self._gate.error,
        )
        student = trained_student(self._work, best[0], weights, told)
        send_student(self._work, self._prepared, KEY, student)

    def settle(self, made: StudentFiles | Failure) -> None:
        """Makes the student the job's best.

        One that can't be exported, or whose own file breaks the latency limit, is passed over.
        """
        trial, self._offering = self._offering, None
        if trial is None:
            return
        if isinstance(made, Failure):
            self._failed.add(trial.number)
            log.warning(
                "%s: trial %d can't be offered: %s", self._work.job.id, trial.number, made.evidence
            )
            return
        if not within_limit(self._work, made.latency.median_ms):
            self._failed.add(trial.number)
            log.info(
                "%s: trial %d is not offered: its file takes %.4g ms",
                self._work.job.id,
                trial.number,
                made.latency.median_ms,
            )
            return
        self._best = trial.number
        self._offered[trial.number] = offer(
            self._work, self._prepared.record, trial, made, final=False, best=True
        )
        log.info("%s: trial %d is the best so far", self._work.job.id, trial.number)
