"""The end of a job: the best students train on, validation picks, test is read once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from app.records import NewEmbedding, TrialRecord
from app.students import list_students
from app.trials import list_trials
from embedding import EmbeddingProposer, Proposer, derive_seed
from workers.data import Labelled
from workers.measuring import measure
from workers.offering import best_trials, offer, report, send_student, value_of
from workers.pool import Failure, Placed
from workers.preparation import Prepared
from workers.preprocessing import Preprocessing
from workers.problems import WorkFailed
from workers.student_files import StudentFiles, TrainedStudent
from workers.teacher import Teacher
from workers.trial import Distillation, TrialOutcome, TrialSpec, run_trial
from workers.work import Work, failed_work

log = logging.getLogger(__name__)


def finish_students(work: Work, prepared: Prepared) -> None:
    """Trains the best students on, reads the test split for them and the teacher, and offers them.

    What is done stays done: final weights are artifacts, offered students are on record.

    Raises:
        WorkFailed: no student could be finished.
        LeaseLost, Stopping, Commanded: as `Work.check`.
    """
    training = work.job.request.training
    with work.database.read() as session:
        trials = list_trials(session, work.job.id)
    chosen = best_trials(work, trials, prepared.record, training.final_students)
    work.writer.set_state("finishing", f"training {len(chosen)} students to the end")
    _train_on(work, prepared, chosen)
    work.writer.set_stage("reading the test split")
    test = work.pool.place(prepared.dataset.select(prepared.splits.test))
    teacher_test = _test_teacher(work, prepared, test)
    _offer_finals(work, prepared, chosen, test, teacher_test)


def save_embedding(work: Work, proposer: Proposer, prepared: Prepared) -> NewEmbedding | None:
    """Stores what the search learned; None for a strategy that learns nothing."""
    if not isinstance(proposer, EmbeddingProposer):
        return None
    request = work.job.request
    with work.database.read() as session:
        trials = list_trials(session, work.job.id)
    completed = sum(trial.state == "completed" for trial in trials)
    dataset = request.dataset.id or prepared.dataset.name
    provenance: dict[str, object] = {
        "job": work.job.id,
        "teacher": request.teacher.network,
        "dataset": dataset,
        "trials": completed,
    }
    data = proposer.embedding(provenance).to_bytes()
    key = f"embeddings/{work.job.id}-{work.lease.fence}.safetensors"
    stored = work.artifacts.put_bytes(key, data)
    return NewEmbedding(
        key=stored.key,
        sha256=stored.sha256,
        bytes=stored.bytes,
        teacher=request.teacher.network,
        dataset=dataset,
        trials=completed,
        kernels=request.search.kernels,
        summary={"objective": request.objective.kind, "teacher_params": prepared.record.params},
    )


def measure_teacher(teacher: Teacher, data: Labelled, preprocessing: Preprocessing) -> float:
    """Returns the teacher's accuracy in float32."""
    return measure(teacher.module(), data, preprocessing)


def _weights_key(work: Work, trial: TrialRecord) -> str:
    return work.key(f"finals/{trial.number}.safetensors")


def _train_on(work: Work, prepared: Prepared, chosen: Sequence[TrialRecord]) -> None:
    """Trains the chosen students on from their weights and stores what they become."""
    training = work.job.request.training
    waiting = [trial for trial in chosen if not work.artifacts.exists(_weights_key(work, trial))]
    for trial in waiting:
        spec = TrialSpec(
            edits=trial.edits,
            epochs=training.final_epochs,
            seed=derive_seed(work.job.seed, "final", trial.number),
            distillation=Distillation(training.loss, training.temperature),
            weights=work.artifacts.read_bytes(str(trial.weights_key)),
        )
        threads = work.pool.threads(min(len(waiting), work.job.request.search.parallel))
        work.pool.send(
            trial.number, run_trial, prepared.data, prepared.teacher, spec, threads=threads
        )

    def settle(trial: TrialRecord, outcome: TrialOutcome) -> None:
        work.artifacts.put_bytes(_weights_key(work, trial), outcome.weights)
        log.info(
            "%s: trial %d trained on to accuracy %.4f, %.1f s",
            work.job.id,
            trial.number,
            outcome.accuracy,
            outcome.duration_s,
        )

    _settle_all(work, waiting, settle)


def _test_teacher(work: Work, prepared: Prepared, test: Placed[Labelled]) -> float:
    """Returns the teacher's accuracy on the test split, and puts it on record."""
    accuracy: float = work.run(
        "the teacher's test", measure_teacher, prepared.teacher, test, prepared.preprocessing
    )
    work.writer.record_teacher_test(accuracy)
    return accuracy


def _offer_finals(
    work: Work,
    prepared: Prepared,
    chosen: Sequence[TrialRecord],
    test: Placed[Labelled],
    teacher_test: float,
) -> None:
    """Offers the finished students, and makes the one that validation prefers the job's best."""
    with work.database.read() as session:
        offered = {s.trial_number: s for s in list_students(session, work.job.id) if s.final}
    trained = [t for t in chosen if work.artifacts.exists(_weights_key(work, t))]
    waiting = [t for t in trained if t.number not in offered]
    for trial in waiting:
        told = report(work, prepared, trial, final=True, teacher_test=teacher_test)
        weights = work.artifacts.read_bytes(_weights_key(work, trial))
        student = TrainedStudent(trial.edits, weights, told)
        send_student(work, prepared, trial.number, student, test)

    ranks = {
        known.id: _rank(work, trial, known.accuracy, prepared)
        for trial in trained
        if (known := offered.get(trial.number)) is not None
    }

    def settle(trial: TrialRecord, made: StudentFiles) -> None:
        rank = _rank(work, trial, made.accuracy, prepared)
        best = all(rank > other for other in ranks.values())
        student_id = offer(work, prepared.record, trial, made, final=True, best=best)
        ranks[student_id] = rank

    error = _settle_all(work, waiting, settle)
    if not ranks:
        raise error or WorkFailed("final training", "NoStudent", "no student could be finished")


def _rank(
    work: Work, trial: TrialRecord, accuracy: float, prepared: Prepared
) -> tuple[float, int, int]:
    """Returns what compares final students: the objective's value, then fewer parameters."""
    return value_of(work, trial, accuracy, prepared.record), -trial.params, -trial.number


def _settle_all(
    work: Work, trials: Sequence[TrialRecord], settle: Callable[[TrialRecord, Any], None]
) -> WorkFailed | None:
    """Waits for these trials' calls, passing over failures; returns the last one."""
    by_number: dict[Hashable, TrialRecord] = {trial.number: trial for trial in trials}
    error = None
    while work.pool.under_way():
        for finished in work.wait():
            if isinstance(finished.value, Failure):
                error = failed_work(work.job.id, f"trial {finished.key}", finished.value)
            else:
                settle(by_number[finished.key], finished.value)
    return error
