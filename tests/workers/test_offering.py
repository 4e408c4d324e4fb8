from dataclasses import replace

import numpy as np
import pytest

from app.artifacts import Artifacts
from app.database import Database
from app.records import TrialSource
from app.students import get_student
from embedding import score
from tests.workers.jobs import (
    held_work,
    measurement,
    quick_student_files,
    read_job,
    read_trials,
)
from workers.evaluation import evaluate
from workers.offering import best_trials, offer, report, score_of, value_of
from workers.preparation import Prepared, prepare
from workers.search import Search
from workers.student_files import StudentFiles
from workers.work import Work


@pytest.fixture
def searched(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> tuple[Work, Prepared]:
    monkeypatch.setattr("workers.offering.make_student_files", quick_student_files)
    work = held_work(database, artifacts, search={"evaluations": 2})
    prepared = prepare(work)
    Search(work, prepared).run()
    return work, prepared


def test_an_offered_student_s_files_are_stored_whole(searched: tuple[Work, Prepared]) -> None:
    work, prepared = searched
    trial = read_trials(work.database, work.job.id)[0]
    made = StudentFiles({"a.bin": b"abc", "b.json": b"{}"}, 0.75, 0.5, measurement(2.0))
    student_id = offer(work, prepared.record, trial, made, final=True, best=True)
    with work.database.read() as session:
        student = get_student(session, student_id)
    assert read_job(work.database, work.job.id).best_student_id == student_id
    assert {f.name: work.artifacts.read_bytes(f.key) for f in student.files} == made.files
    assert (student.accuracy, student.test_accuracy, student.final) == (0.75, 0.5, True)
    teacher = prepared.record
    assert student.score == score(trial.params, 0.75, teacher.params, teacher.accuracy)


def test_trials_are_ranked_by_the_job_s_objective(searched: tuple[Work, Prepared]) -> None:
    work, prepared = searched
    one = read_trials(work.database, work.job.id)[0]
    teacher = prepared.record
    small = replace(one, number=0, params=teacher.params // 10, accuracy=0.8)
    large = replace(one, number=1, params=teacher.params // 2, accuracy=0.9)
    larger = replace(one, number=2, params=teacher.params, accuracy=0.9)
    failed = replace(one, number=3, accuracy=None)
    trials = [larger, large, small, failed]
    assert [t.number for t in best_trials(work, trials, teacher, 3)] == [0, 1, 2]
    objective = work.job.request.objective.model_copy(update={"kind": "accuracy"})
    work.job = replace(
        work.job, request=work.job.request.model_copy(update={"objective": objective})
    )
    assert [t.number for t in best_trials(work, trials, teacher, 2)] == [1, 2]
    assert value_of(work, large, 0.3, teacher) == 0.3


def test_a_pareto_job_s_best_trials_are_of_its_set(searched: tuple[Work, Prepared]) -> None:
    work, prepared = searched
    one = read_trials(work.database, work.job.id)[0]
    teacher = prepared.record
    sizes = [(0.1, 0.5, 0.8), (0.05, 0.6, 0.79), (0.5, 0.3, 0.7), (0.6, 0.9, 0.9)]
    trials = [
        replace(
            one,
            number=number,
            params=int(params * teacher.params),
            macs=int(macs * teacher.macs),
            accuracy=accuracy,
        )
        for number, (params, macs, accuracy) in enumerate(sizes)
    ]
    assert [t.number for t in best_trials(work, trials, teacher, 4)] == [0, 1, 3, 2]
    objective = work.job.request.objective.model_copy(update={"kind": "pareto", "costs": ("macs",)})
    work.job = replace(
        work.job, request=work.job.request.model_copy(update={"objective": objective})
    )
    assert [t.number for t in best_trials(work, trials, teacher, 4)] == [0, 3, 2]
    assert [t.number for t in best_trials(work, trials[1:], teacher, 4)] == [1, 3, 2]
    assert value_of(work, trials[0], 0.8, teacher) == score_of(trials[0], 0.8, teacher)


def test_the_report_holds_what_a_user_needs_to_use_and_repeat(
    searched: tuple[Work, Prepared],
) -> None:
    work, prepared = searched
    trial = read_trials(work.database, work.job.id)[1]
    test = evaluate(np.eye(2, dtype=np.float32)[[0, 1, 1]], np.array([0, 1, 0]))
    told = report(work, prepared, trial, final=True, epochs=7, teacher_test=test, predicted=None)
    teacher, student = told["teacher"], told["student"]
    assert isinstance(teacher, dict)
    assert isinstance(student, dict)
    assert teacher["test_accuracy"] == test.accuracy
    assert teacher["test"] == test.to_json()
    assert student["params_ratio"] == trial.params / prepared.record.params
    assert student["epochs"] == 7
    assert student["reused_from"] is None
    taken = replace(trial, reused_from=TrialSource("job_1", 5))
    again = report(work, prepared, taken, final=True, epochs=7, teacher_test=None, predicted=None)
    assert again["student"] == student | {"reused_from": {"job": "job_1", "trial": 5}}
    unread = again["teacher"]
    assert isinstance(unread, dict)
    assert (unread["test"], unread["test_accuracy"]) == (None, None)
    assert told["preprocessing"] == prepared.preprocessing.to_json()
    training = told["training"]
    assert isinstance(training, dict)
    assert training["precision"]["teacher_threads"] == 1
    assert told["seeds"] == {"job": work.job.seed, "trial": trial.seed}
    assert student["edits"] == trial.edits
