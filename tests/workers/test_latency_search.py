"""A search under a latency limit, with latencies that are computed and not measured."""

from collections.abc import Callable, Hashable
from dataclasses import replace

import pytest

from app.artifacts import Artifacts
from app.database import Database
from app.leases import release
from app.records import StudentRecord, TrialRecord
from app.students import list_students
from networks import Edits
from tests.workers.jobs import (
    InlinePool,
    claimed_work,
    held_work,
    measurement,
    quick_student_files,
    read_job,
    read_trials,
)
from workers.answers import TeacherAnswers
from workers.data import Labelled, TrainingData
from workers.finishing import finish_students
from workers.preparation import Prepared, prepare
from workers.problems import InfeasibleConstraints
from workers.search import Search
from workers.student_files import StudentFiles, TrainedStudent
from workers.teacher import Teacher
from workers.work import Work

LIMIT_MS = 0.5
EVALUATIONS = 4
SEARCH = {"strategy": "embedding", "kernels": 1, "evaluations": EVALUATIONS, "parallel": 1}


@pytest.fixture(autouse=True)
def _quick_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.offering.make_student_files", quick_student_files)


def searching(database: Database, artifacts: Artifacts) -> tuple[Work, Prepared]:
    work = held_work(database, artifacts, constraints={"latency_ms": LIMIT_MS}, search=SEARCH)
    prepared = prepare(work)
    work.writer.set_state("searching", "training students")
    return work, prepared


def macs_of(prepared: Prepared, trial: TrialRecord) -> int:
    space = prepared.space
    return int(space.costs(space.candidates([Edits.from_json(trial.edits)])).macs)


def finals(work: Work) -> list[StudentRecord]:
    with work.database.read() as session:
        return [s for s in list_students(session, work.job.id) if s.final]


def test_every_trial_was_measured_before_it_was_trained_and_keeps_the_limit(
    database: Database, artifacts: Artifacts
) -> None:
    work, prepared = searching(database, artifacts)
    Search(work, prepared).run()
    trials = read_trials(database, work.job.id)
    assert len(trials) == EVALUATIONS
    for trial in trials:
        assert trial.latency_ms is not None
        assert trial.latency_ms == pytest.approx(macs_of(prepared, trial) / 1e6)
        assert trial.latency_ms <= LIMIT_MS


def test_a_search_that_is_killed_while_it_measures_ends_with_the_same_trials(
    database: Database, artifacts: Artifacts
) -> None:
    work, prepared = searching(database, artifacts)
    Search(work, prepared).run()
    expected = [t.hash for t in read_trials(database, work.job.id)]
    assert isinstance(work.pool, InlinePool)
    first = work.pool.sent.count("a latency")
    work.writer.finish("cancelled")

    work, prepared = searching(database, artifacts)
    assert isinstance(work.pool, InlinePool)
    measured = 0

    def die(key: Hashable) -> None:
        nonlocal measured
        measured += key == "a latency"
        if measured == first:  # the last one, for the last trial
            raise KeyboardInterrupt

    work.pool.before = die
    with pytest.raises(KeyboardInterrupt):
        Search(work, prepared).run()
    release(database, work.lease)
    again = claimed_work(database, artifacts, work.job.id)
    Search(again, prepare(again)).run()
    assert [t.hash for t in read_trials(database, work.job.id)] == expected
    assert isinstance(again.pool, InlinePool)
    assert again.pool.sent.count("a latency") == 1


def test_the_finished_student_and_the_teacher_have_latencies(
    database: Database, artifacts: Artifacts
) -> None:
    work, prepared = searching(database, artifacts)
    Search(work, prepared).run()
    finish_students(work, prepared)
    (student,) = finals(work)
    assert student.best
    assert student.latency_ms is not None
    assert student.latency_ms <= LIMIT_MS
    teacher = read_job(database, work.job.id).teacher
    assert teacher is not None
    assert teacher.latency_ms == pytest.approx(teacher.macs / 1e6)


def test_files_that_are_all_slower_than_the_limit_end_the_job(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(
        data: TrainingData,
        teacher: Teacher,
        student: TrainedStudent,
        test: Labelled | None = None,
        answers: TeacherAnswers | None = None,
    ) -> StudentFiles:
        made = quick_student_files(data, teacher, student, test, answers)
        assert student.latency_limit_ms == LIMIT_MS
        return StudentFiles(made.files, made.accuracy, made.test_accuracy, measurement(9.0))

    work, prepared = searching(database, artifacts)
    Search(work, prepared).run()
    monkeypatch.setattr("workers.offering.make_student_files", slow)
    with pytest.raises(InfeasibleConstraints, match="9 ms") as caught:
        finish_students(work, prepared)
    assert [error.pointer for error in caught.value.errors] == ["#/constraints/latency_ms"]
    assert finals(work)[0].latency_ms == 9.0


def test_a_file_that_is_hardly_slower_than_the_limit_breaks_it(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The figure on record is the one that the student's own report shows."""
    slightly = 1.01 * LIMIT_MS
    work, prepared = searching(database, artifacts)
    Search(work, prepared).run()
    monkeypatch.setattr("workers.offering.make_student_files", _taking(slightly))
    with pytest.raises(InfeasibleConstraints):
        finish_students(work, prepared)
    (student,) = finals(work)
    assert (student.latency_ms, student.best) == (slightly, False)


def test_a_student_whose_file_breaks_the_limit_is_never_the_best(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, prepared = searching(database, artifacts)
    monkeypatch.setattr("workers.offering.make_student_files", _taking(9.0))
    Search(work, prepared).run()
    with work.database.read() as session:
        assert list_students(session, work.job.id) == []
    assert read_job(database, work.job.id).best_student_id is None


def _taking(ms: float) -> Callable[..., StudentFiles]:
    def make(
        data: TrainingData,
        teacher: Teacher,
        student: TrainedStudent,
        test: Labelled | None = None,
        answers: TeacherAnswers | None = None,
    ) -> StudentFiles:
        made = quick_student_files(data, teacher, student, test, answers)
        return replace(made, latency=measurement(ms))

    return make
