"""The end of a job: the best students train on, validation picks, test is read once.

If none of them can be finished, the best student of the search is, as the search left it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.problems import FieldError
from app.records import StudentRecord, TrialRecord
from app.students import list_students
from app.trials import list_trials
from embedding import derive_seed
from networks import PredictionError
from workers.checkpoints import CheckpointPlace
from workers.distillation import Distillation
from workers.exam import Exam, hold_exam
from workers.final_choice import final_trials
from workers.latencies import measure_on_worker
from workers.latency_start import POINTER, job_gate
from workers.offering import (
    best_trials,
    offer,
    report,
    send_student,
    trained_student,
    value_of,
    within_limit,
)
from workers.pool import Failure
from workers.preparation import Prepared
from workers.problems import InfeasibleConstraints, WorkFailed
from workers.report_page import story_of
from workers.student_files import StudentFiles
from workers.trial import TrialOutcome, TrialSpec, run_trial
from workers.work import Work, failed_work

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tested:
    """The test split with the teacher's answers, and what students' reports tell of the search."""

    exam: Exam
    trials: Sequence[TrialRecord]
    predicted: PredictionError | None


def finish_students(work: Work, prepared: Prepared) -> None:
    """Trains the best students on, reads the test split for them and the teacher, and offers them.

    What is done stays done: final weights are artifacts, offered students are on record.

    Raises:
        WorkFailed: no student could be finished.
        LeaseLost, Stopping, Commanded: as `Work.check`.
    """
    with work.database.read() as session:
        trials = list_trials(session, work.job.id)
    chosen = final_trials(work, trials, prepared.record)
    work.writer.set_state("finishing", f"training {len(chosen)} students to the end")
    untrained = _train_on(work, prepared, chosen)
    exam = hold_exam(work, prepared)
    work.writer.set_stage("writing the final students' files and testing them")
    gate = job_gate(work, prepared.space)
    if gate is not None:
        gate.begin(len(trials))
    predicted = None if gate is None else gate.error
    tested = Tested(exam, trials, predicted)
    prepared = _with_latency(work, prepared)
    unmade = _offer_finals(work, prepared, chosen, tested)
    if not _finals(work):
        _offer_as_searched(work, prepared, tested, unmade or untrained)
    _expect_fast(work)


def _weights_key(work: Work, trial: TrialRecord) -> str:
    return work.key(f"finals/{trial.number}.safetensors")


def _curve_key(work: Work, trial: TrialRecord) -> str:
    return work.key(f"finals/{trial.number}.json")


def _curve(work: Work, trial: TrialRecord) -> list[float]:
    """Returns the accuracies of a final training; empty where none is on record."""
    key = _curve_key(work, trial)
    curve: list[float] = (
        json.loads(work.artifacts.read_bytes(key)) if work.artifacts.exists(key) else []
    )
    return curve


def _checkpoint(work: Work, trial: TrialRecord) -> str:
    return work.key(f"checkpoints/final-{trial.number}")


def _train_on(work: Work, prepared: Prepared, chosen: Sequence[TrialRecord]) -> WorkFailed | None:
    """Trains the chosen students on from their weights and stores what they become.

    Returns:
        Why the last one that failed did; None if none did.
    """
    training = work.job.request.training
    waiting = [trial for trial in chosen if not work.artifacts.exists(_weights_key(work, trial))]
    for trial in waiting:
        spec = TrialSpec(
            edits=trial.edits,
            epochs=training.final_epochs,
            seed=derive_seed(work.job.seed, "final", trial.number),
            distillation=Distillation.of(training),
            weights=work.artifacts.read_bytes(str(trial.weights_key)),
            checkpoints=CheckpointPlace(
                work.artifacts.url, _checkpoint(work, trial), prepared.recipe_hash
            ),
        )
        at_once = min(len(waiting), work.job.request.search.parallel)
        threads = prepared.threads(work.pool.threads(at_once))
        work.pool.send(
            trial.number, run_trial, prepared.data, prepared.teacher, spec, threads=threads
        )

    def settle(trial: TrialRecord, outcome: TrialOutcome) -> None:
        work.artifacts.put_bytes(_curve_key(work, trial), json.dumps(outcome.curve).encode())
        work.artifacts.put_bytes(_weights_key(work, trial), outcome.weights)
        work.artifacts.delete(_checkpoint(work, trial))
        log.info(
            "%s: trial %d trained on to accuracy %.4f, %.1f s",
            work.job.id,
            trial.number,
            outcome.accuracy,
            outcome.duration_s,
        )

    return _settle_all(work, waiting, settle)


def _finals(work: Work) -> dict[int, StudentRecord]:
    """Returns the final students on record, by the numbers of their trials."""
    with work.database.read() as session:
        students = list_students(session, work.job.id)
    return {student.trial_number: student for student in students if student.final}


def _offer_finals(
    work: Work, prepared: Prepared, chosen: Sequence[TrialRecord], tested: Tested
) -> WorkFailed | None:
    """Offers the finished students, and makes the one that validation prefers the job's best.

    Returns:
        Why the last one that failed did; None if none did.
    """
    offered, training = _finals(work), work.job.request.training
    trained = [t for t in chosen if work.artifacts.exists(_weights_key(work, t))]
    waiting = [t for t in trained if t.number not in offered]
    for trial in waiting:
        epochs = training.search_epochs + training.final_epochs
        curve = _curve(work, trial)
        _send_final(work, prepared, trial, _weights_key(work, trial), epochs, tested, curve)

    ranks = {
        known.id: _rank(work, trial, known.accuracy, known.latency_ms, prepared)
        for trial in chosen
        if (known := offered.get(trial.number)) is not None
    }

    def settle(trial: TrialRecord, made: StudentFiles) -> None:
        rank = _rank(work, trial, made.accuracy, made.latency.median_ms, prepared)
        keeps = within_limit(work, made.latency.median_ms)
        best = keeps and all(rank > other for other in ranks.values())
        student_id = offer(work, prepared.record, trial, made, final=True, best=best)
        ranks[student_id] = rank

    return _settle_all(work, waiting, settle)


def _offer_as_searched(
    work: Work, prepared: Prepared, tested: Tested, cause: WorkFailed | None
) -> None:
    """Offers the search's best student as the final one, with the weights that it has.

    It is the one whose files could be made during the search, if there is one.

    Raises:
        WorkFailed: its files can't be made either; says why no other student was finished.
    """
    with work.database.read() as session:
        made_before = {s.trial_number for s in list_students(session, work.job.id) if s.best}
    known = [trial for trial in tested.trials if trial.number in made_before]
    (trial,) = best_trials(work, known or tested.trials, prepared.record, 1)
    log.warning("%s: trial %d stays as it was searched: %s", work.job.id, trial.number, cause)
    epochs = work.job.request.training.search_epochs
    _send_final(work, prepared, trial, str(trial.weights_key), epochs, tested)

    def settle(trial: TrialRecord, made: StudentFiles) -> None:
        best = within_limit(work, made.latency.median_ms)
        offer(work, prepared.record, trial, made, final=True, best=best)

    error = _settle_all(work, [trial], settle)
    if error is not None:
        detail = error.detail if cause is None else f"{error.detail}; before that, {cause.detail}"
        raise WorkFailed("finishing", "NoStudent", detail)


def _send_final(
    work: Work,
    prepared: Prepared,
    trial: TrialRecord,
    key: str,
    epochs: int,
    tested: Tested,
    curve: Sequence[float] = (),
) -> None:
    """Starts making a final student's files from the weights under a key, and testing it."""
    told = report(
        work,
        prepared,
        trial,
        final=True,
        epochs=epochs,
        teacher_test=tested.exam.teacher,
        predicted=tested.predicted,
    )
    story = story_of(work.job, prepared.record, tested.trials, curve)
    student = trained_student(work, trial, work.artifacts.read_bytes(key), told, story)
    send_student(work, prepared, trial.number, student, tested.exam)


def _rank(
    work: Work, trial: TrialRecord, accuracy: float, student_ms: float | None, prepared: Prepared
) -> tuple[bool, float, int, int]:
    """Returns what compares final students.

    That the file keeps the latency limit, the objective's value, then fewer parameters.
    """
    value = value_of(work, trial, accuracy, prepared.record)
    return within_limit(work, student_ms), value, -trial.params, -trial.number


def _with_latency(work: Work, prepared: Prepared) -> Prepared:
    """Returns what was prepared with the teacher's latency, measured now if it wasn't before."""
    if prepared.record.latency_ms is not None:
        return prepared
    try:
        measured = measure_on_worker(work, prepared.space.architecture.to_json())
    except WorkFailed as error:
        log.warning("%s: the teacher's latency stays unknown: %s", work.job.id, error.detail)
        return prepared
    work.writer.record_teacher_latency(measured.median_ms)
    return replace(prepared, record=replace(prepared.record, latency_ms=measured.median_ms))


def _expect_fast(work: Work) -> None:
    """Raises `InfeasibleConstraints` if no final student's own file keeps the latency limit."""
    finals = _finals(work).values()
    if any(within_limit(work, student.latency_ms) for student in finals):
        return
    known = [student.latency_ms for student in finals if student.latency_ms is not None]
    detail = "the students kept it before they were trained, but their files don't" + (
        f": the fastest takes {min(known):.4g} ms" if known else ""
    )
    raise InfeasibleConstraints(detail, [FieldError(POINTER, detail)])


def _settle_all(
    work: Work, trials: Sequence[TrialRecord], settle: Callable[[TrialRecord, Any], None]
) -> WorkFailed | None:
    """Waits for these trials' calls, passing over failures; returns the last one."""
    by_number: dict[Hashable, TrialRecord] = {trial.number: trial for trial in trials}
    error = None
    while work.under_way():
        for finished in work.wait():
            if isinstance(finished.value, Failure):
                error = failed_work(work.job.id, f"trial {finished.key}", finished.value)
            else:
                settle(by_number[finished.key], finished.value)
    return error
