import json
from collections.abc import Hashable
from typing import Any

import pytest

from app.artifacts import Artifacts
from app.database import Database
from app.pareto import pareto_set
from app.records import StudentRecord
from app.students import list_students
from tests.workers.jobs import InlinePool, held_work, quick_student_files, read_job, read_trials
from workers.answers import TeacherAnswers
from workers.data import Labelled, TrainingData
from workers.finishing import finish_students
from workers.measuring import measure
from workers.pool import Failure
from workers.preparation import Prepared, prepare
from workers.problems import WorkFailed
from workers.search import Search
from workers.student_files import StudentFiles, TrainedStudent
from workers.teacher import Teacher
from workers.work import Work


@pytest.fixture(autouse=True)
def _quick_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.offering.make_student_files", quick_student_files)


@pytest.fixture
def searched(database: Database, artifacts: Artifacts) -> tuple[Work, Prepared]:
    """A job whose search of three trials is over and which finishes two students."""
    work = held_work(database, artifacts, search={"evaluations": 3}, training={"final_students": 2})
    prepared = prepare(work)
    Search(work, prepared).run()
    _pool(work).sent.clear()
    return work, prepared


def _pool(work: Work) -> InlinePool:
    assert isinstance(work.pool, InlinePool)
    return work.pool


def _finals(work: Work) -> list[StudentRecord]:
    with work.database.read() as session:
        return [s for s in list_students(session, work.job.id) if s.final]


def _best_two(work: Work) -> set[int]:
    trials = read_trials(work.database, work.job.id)
    ranked = sorted(trials, key=lambda t: (-(t.score or 0), t.params))
    return {trial.number for trial in ranked[:2]}


def test_the_best_students_train_on_and_are_tested_with_the_teacher(
    searched: tuple[Work, Prepared],
) -> None:
    work, prepared = searched
    finish_students(work, prepared)
    finals = _finals(work)
    assert {s.trial_number for s in finals} == _best_two(work)
    assert all(s.test_accuracy is not None for s in finals)
    job = read_job(work.database, work.job.id)
    assert (job.state, job.stage) == (
        "finishing",
        "writing the final students' files and testing them",
    )
    assert job.teacher is not None
    test = prepared.dataset.select(prepared.splits.test)
    teacher = prepared.teacher.reference.module()
    assert job.teacher.test_accuracy == measure(teacher, test, prepared.preprocessing)
    best = max(finals, key=lambda s: (s.score, -s.params))
    assert job.best_student_id == best.id


def test_students_are_told_the_teacher_s_test_and_the_story_of_the_search(
    searched: tuple[Work, Prepared], monkeypatch: pytest.MonkeyPatch
) -> None:
    work, prepared = searched
    sent: list[tuple[TrainedStudent, Labelled | None, TeacherAnswers | None]] = []

    def make(
        data: TrainingData,
        teacher: Teacher,
        student: TrainedStudent,
        test: Labelled | None = None,
        answers: TeacherAnswers | None = None,
    ) -> StudentFiles:
        sent.append((student, test, answers))
        return quick_student_files(data, teacher, student, test, answers)

    monkeypatch.setattr("workers.offering.make_student_files", make)
    finish_students(work, prepared)
    assert len(sent) == 2
    assert sent[0][1:] == sent[1][1:]  # the test images and the teacher's answers are shared
    job = read_job(work.database, work.job.id)
    for student, test, answers in sent:
        assert test is not None
        assert answers is not None
        assert len(test) == len(prepared.splits.test)
        told = student.report["teacher"]
        assert told["test"] == answers.evaluation.to_json()
        assert job.teacher is not None
        assert told["test_accuracy"] == job.teacher.test_accuracy
        assert student.story is not None
        assert [trial.number for trial in student.story.trials] == [0, 1, 2]
        assert len(student.story.final_curve) == work.job.request.training.final_epochs


def test_a_student_that_stays_as_searched_has_no_final_curve(
    searched: tuple[Work, Prepared], monkeypatch: pytest.MonkeyPatch
) -> None:
    work, prepared = searched
    stories = []

    def make(data: TrainingData, teacher: Teacher, student: TrainedStudent, *test: Any) -> Any:  # noqa: ANN401 - passed on
        stories.append(student.story)
        return quick_student_files(data, teacher, student, *test)

    monkeypatch.setattr("workers.offering.make_student_files", make)
    failures = {number: Failure("Diverged", "", "") for number in _best_two(work)}
    _pool(work).before = lambda key: failures.pop(key, None) if isinstance(key, int) else None
    finish_students(work, prepared)
    (story,) = stories
    assert story is not None
    assert story.final_curve == ()


def test_a_pareto_job_ends_with_students_of_its_set(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.offering.make_student_files", quick_student_files)
    work = held_work(
        database,
        artifacts,
        objective={"kind": "pareto", "costs": ["macs"]},
        search={"evaluations": 5},
        training={"final_students": 2},
    )
    prepared = prepare(work)
    Search(work, prepared).run()
    trials = read_trials(database, work.job.id)
    finish_students(work, prepared)
    finals = _finals(work)
    found = pareto_set(read_job(database, work.job.id), trials)
    assert len(finals) == min(2, len(found))
    assert {s.trial_number for s in finals} <= {t.number for t in found}
    assert max(found, key=lambda t: t.score or 0).number in {s.trial_number for s in finals}
    best = max(finals, key=lambda s: (s.score, -s.params))
    assert read_job(database, work.job.id).best_student_id == best.id


def test_the_test_split_is_read_after_all_training(searched: tuple[Work, Prepared]) -> None:
    work, prepared = searched
    finish_students(work, prepared)
    sent = _pool(work).sent
    trained = [key for key in sent[:2] if isinstance(key, int)]
    assert set(trained) == _best_two(work)
    assert sent[2:4] == ["the teacher's test", "a latency"]
    assert set(sent[4:]) == set(trained)


def test_what_was_finished_before_a_crash_is_not_done_again(
    searched: tuple[Work, Prepared],
) -> None:
    work, prepared = searched
    pool = _pool(work)
    tested = False

    def die(key: Hashable) -> None:
        nonlocal tested
        if tested and len(_finals(work)) == 1:
            raise KeyboardInterrupt
        tested = tested or key == "the teacher's test"

    pool.before = die
    with pytest.raises(KeyboardInterrupt):
        finish_students(work, prepared)
    first = _finals(work)
    assert len(first) == 1
    pool.before = lambda _: None
    pool.waiting.clear()
    pool.sent.clear()
    finish_students(work, prepared)
    missing = _best_two(work) - {first[0].trial_number}
    assert pool.sent == ["the teacher's test", "a latency", *missing]
    assert {s.trial_number for s in _finals(work)} == _best_two(work)
    best = max(_finals(work), key=lambda s: (s.score, -s.params, -s.trial_number))
    assert read_job(work.database, work.job.id).best_student_id == best.id


def test_a_student_that_can_t_be_finished_is_passed_over(
    searched: tuple[Work, Prepared],
) -> None:
    work, prepared = searched
    broken = min(_best_two(work))
    _pool(work).before = lambda key: Failure("Diverged", "", "") if key == broken else None
    finish_students(work, prepared)
    assert {s.trial_number for s in _finals(work)} == _best_two(work) - {broken}


def test_if_no_final_training_ends_well_the_search_s_best_student_is_the_final_one(
    searched: tuple[Work, Prepared],
) -> None:
    work, prepared = searched
    with work.database.read() as session:
        (before,) = [s for s in list_students(session, work.job.id) if s.best]
    failures = {number: Failure("Diverged", "", "") for number in _best_two(work)}

    def diverge(key: Hashable) -> object | None:
        return failures.pop(key, None) if isinstance(key, int) else None

    _pool(work).before = diverge
    finish_students(work, prepared)
    (final,) = _finals(work)
    assert (final.trial_number, final.accuracy) == (before.trial_number, before.accuracy)
    assert final.test_accuracy is not None
    assert read_job(work.database, work.job.id).best_student_id == final.id
    (file,) = final.files
    told = json.loads(work.artifacts.read_bytes(file.key))
    assert (told["student"]["final"], told["student"]["epochs"]) == (True, 1)
    _pool(work).sent.clear()
    _pool(work).before = lambda key: Failure("Diverged", "", "") if isinstance(key, int) else None
    finish_students(work, prepared)
    assert [s.id for s in _finals(work)] == [final.id]


def test_a_failed_export_of_every_final_student_falls_back_as_well(
    searched: tuple[Work, Prepared],
) -> None:
    work, prepared = searched
    exported = 0

    def refuse(key: Hashable) -> object | None:
        nonlocal exported
        exported += "the teacher's test" in _pool(work).sent and isinstance(key, int)
        return Failure("DifferentStudent", "", "") if 1 <= exported <= 2 else None

    _pool(work).before = refuse
    finish_students(work, prepared)
    (final,) = _finals(work)
    trial = read_trials(work.database, work.job.id)[final.trial_number]
    assert final.accuracy == trial.accuracy


def test_without_any_finished_student_the_job_fails_with_the_cause(
    searched: tuple[Work, Prepared],
) -> None:
    work, prepared = searched
    trained = len(_best_two(work))
    failed: list[Hashable] = []

    def fail(key: Hashable) -> object | None:
        if not isinstance(key, int):
            return None
        failed.append(key)
        return Failure("Diverged" if len(failed) <= trained else "Unexportable", "why", "")

    _pool(work).before = fail
    with pytest.raises(WorkFailed, match=r"Unexportable: why; before that, .*Diverged: why"):
        finish_students(work, prepared)
    assert _finals(work) == []
