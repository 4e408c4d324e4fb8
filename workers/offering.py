"""Offering a student: its files are made on a worker, stored, and put on record with it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

from app.ids import random_name
from app.pareto import pareto_set
from app.records import NewStudent, StoredStudentFile, TeacherRecord, TrialRecord
from embedding import score
from networks import PredictionError
from workers.evaluation import Evaluation
from workers.exam import Exam
from workers.latency_measurement import setting_of
from workers.preparation import Prepared
from workers.report_page import Story
from workers.student_files import StudentFiles, TrainedStudent, make_student_files
from workers.work import Work


def trained_student(
    work: Work,
    trial: TrialRecord,
    weights: bytes,
    told: Mapping[str, object],
    story: Story | None = None,
) -> TrainedStudent:
    """Returns a trial's student with these weights (safetensors), to be made files of.

    With a story there will be a `report.html` among them.
    """
    request = work.job.request
    return TrainedStudent(
        edits=trial.edits,
        weights=weights,
        report=told,
        latency=setting_of(request.latency),
        latency_limit_ms=request.constraints.latency_ms,
        story=story,
    )


def send_student(
    work: Work,
    prepared: Prepared,
    key: Hashable,
    student: TrainedStudent,
    exam: Exam | None = None,
) -> None:
    """Starts making the student's files, and tests it; the call's value is `StudentFiles`."""
    test = () if exam is None else (exam.split, exam.answers)
    work.pool.send(key, make_student_files, prepared.data, prepared.teacher, student, *test)


def score_of(trial: TrialRecord, accuracy: float, teacher: TeacherRecord) -> float:
    """Returns the score of the trial's student at an accuracy on validation."""
    return score(trial.params, accuracy, teacher.params, teacher.accuracy)


def value_of(work: Work, trial: TrialRecord, accuracy: float, teacher: TeacherRecord) -> float:
    """Returns what the job's objective maximises; of a Pareto set the score tells the best."""
    if work.job.request.objective.kind == "accuracy":
        return accuracy
    return score_of(trial, accuracy, teacher)


def best_trials(
    work: Work, trials: Sequence[TrialRecord], teacher: TeacherRecord, n: int
) -> list[TrialRecord]:
    """Returns up to `n` completed trials, the best first; of equals the smaller one.

    Those of a job with the objective `pareto` are of the Pareto set of the trials given.
    """
    if work.job.request.objective.kind == "pareto":
        trials = pareto_set(replace(work.job, teacher=teacher), trials)
    valued = [
        (-value_of(work, trial, trial.accuracy, teacher), trial.params, trial.number, trial)
        for trial in trials
        if trial.accuracy is not None
    ]
    return [trial for *_, trial in sorted(valued, key=lambda row: row[:3])[:n]]


def offer(
    work: Work,
    teacher: TeacherRecord,
    trial: TrialRecord,
    made: StudentFiles,
    *,
    final: bool,
    best: bool,
) -> str:
    """Stores a student's files, then puts it on record; returns its id."""
    folder = work.key(f"students/{random_name()}")
    files = []
    for name, data in made.files.items():
        stored = work.artifacts.put_bytes(f"{folder}/{name}", data)
        files.append(StoredStudentFile(name, stored.key, stored.bytes, stored.sha256))
    student = NewStudent(
        trial_number=trial.number,
        final=final,
        accuracy=made.accuracy,
        test_accuracy=made.test_accuracy,
        score=score_of(trial, made.accuracy, teacher),
        params=trial.params,
        macs=trial.macs,
        bytes=trial.bytes,
        files=tuple(files),
        latency_ms=made.latency.median_ms,
    )
    return work.writer.add_student(student, best)


def within_limit(work: Work, measured_ms: float | None) -> bool:
    """Returns whether a student's latency keeps the job's limit, if it has one."""
    limit_ms = work.job.request.constraints.latency_ms
    return limit_ms is None or (measured_ms is not None and measured_ms <= limit_ms)


def report(
    work: Work,
    prepared: Prepared,
    trial: TrialRecord,
    *,
    final: bool,
    epochs: int,
    teacher_test: Evaluation | None,
    predicted: PredictionError | None,
) -> dict[str, object]:
    """Returns what a student's `report.json` says beside its accuracies, latency and versions.

    Args:
        work: the job.
        prepared: its teacher and dataset.
        trial: whose student it is.
        final: whether it is one of those that the job ends with.
        epochs: for which it was trained in all.
        teacher_test: what the teacher is worth on the test split, once that is read.
        predicted: the error of the predictor that screened the job's candidates, if one did.
    """
    job, teacher = work.job, prepared.record
    training = job.request.training
    return {
        "job": job.id,
        "teacher": _told_of_teacher(work, teacher, teacher_test),
        "student": {
            "trial": trial.number,
            "final": final,
            "params": trial.params,
            "params_ratio": trial.params / teacher.params,
            "macs": trial.macs,
            "macs_ratio": trial.macs / teacher.macs,
            "bytes": trial.bytes,
            "edits": trial.edits,
            "epochs": epochs,
            "reused_from": None if trial.reused_from is None else vars(trial.reused_from),
        },
        "dataset": _told_of_dataset(prepared),
        "preprocessing": teacher.preprocessing,
        "training": {
            "loss": training.loss,
            "temperature": training.temperature,
            "hard_labels": training.hard_labels,
            "label_smoothing": training.label_smoothing,
            "ema": training.ema,
            "precision": teacher.precision,
        },
        "seeds": {"job": job.seed, "trial": trial.seed},
        "latency": {
            **job.request.latency.model_dump(mode="json"),
            "limit_ms": job.request.constraints.latency_ms,
            "before_training_ms": trial.latency_ms,
            "teacher_ms": teacher.latency_ms,
            "predictor": None if predicted is None else vars(predicted),
        },
    }


def _told_of_teacher(
    work: Work, teacher: TeacherRecord, test: Evaluation | None
) -> dict[str, object]:
    request = work.job.request
    uploaded = request.teacher.id is not None  # its weights are used as they are
    return {
        "network": request.teacher.name,
        "params": teacher.params,
        "macs": teacher.macs,
        "bytes": teacher.bytes,
        "accuracy": teacher.accuracy,
        "test_accuracy": None if test is None else test.accuracy,
        "test": None if test is None else test.to_json(),
        "epochs": 0 if uploaded else request.training.teacher_epochs,
    }


def _told_of_dataset(prepared: Prepared) -> dict[str, object]:
    dataset, splits = prepared.dataset, prepared.splits
    return {
        "name": dataset.name,
        "classes": list(dataset.classes),
        "content_sha256": dataset.content,
        "images": {
            "train": len(splits.train),
            "validation": len(splits.validation),
            "test": len(splits.test),
        },
    }
