from dataclasses import replace

import pytest

from app.artifacts import Artifacts
from app.database import Database
from app.records import TrialRecord
from app.requests import ObjectiveRequest
from app.students import list_students
from tests.workers.jobs import InlinePool, held_work, quick_student_files, read_job, read_trials
from workers.best_so_far import KEY, BestSoFar
from workers.pool import Failure
from workers.preparation import Prepared, prepare
from workers.search import Search
from workers.work import Work


@pytest.fixture
def searched(
    database: Database, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> tuple[Work, Prepared, list[TrialRecord]]:
    """A job with two completed trials, of which no student was offered."""
    monkeypatch.setattr("workers.offering.make_student_files", quick_student_files)
    work = held_work(database, artifacts, search={"evaluations": 2})
    assert isinstance(work.pool, InlinePool)
    prepared = prepare(work)
    work.pool.before = lambda key: Failure("Skipped", "", "") if key == KEY else None
    Search(work, prepared).run()
    work.pool.before = lambda _: None
    work.pool.sent.clear()
    return work, prepared, read_trials(database, work.job.id)


def _settle(best: BestSoFar, work: Work) -> None:
    for finished in work.wait():
        best.settle(finished.value)


def test_the_best_trial_s_student_is_offered_once_with_its_files(
    searched: tuple[Work, Prepared, list[TrialRecord]],
) -> None:
    work, prepared, trials = searched
    best = BestSoFar(work, prepared, None)
    best.offer(trials)
    best.offer(trials)
    assert isinstance(work.pool, InlinePool)
    assert work.pool.sent == [KEY]
    _settle(best, work)
    best.offer(trials)
    assert work.pool.sent == [KEY]
    with work.database.read() as session:
        (student,) = list_students(session, work.job.id)
    wanted = max(trials, key=lambda t: (t.score or 0, -t.params))
    assert (student.trial_number, student.best, student.final) == (wanted.number, True, False)
    assert student.accuracy == wanted.accuracy
    assert [f.name for f in student.files] == ["report.json"]
    assert work.artifacts.exists(student.files[0].key)


def test_a_new_best_takes_the_place_of_the_old_one(
    searched: tuple[Work, Prepared, list[TrialRecord]],
) -> None:
    work, prepared, trials = searched
    worse, better = sorted(trials, key=lambda t: (t.score or 0, -t.params))
    best = BestSoFar(work, prepared, None)
    for known in ([worse], [worse, better]):
        best.offer(known)
        _settle(best, work)
    job = read_job(work.database, work.job.id)
    with work.database.read() as session:
        students = list_students(session, work.job.id)
    assert [s.trial_number for s in students] == [worse.number, better.number]
    assert job.best_student_id == students[1].id


def test_students_that_can_t_be_exported_are_tried_once_each(
    searched: tuple[Work, Prepared, list[TrialRecord]],
) -> None:
    work, prepared, trials = searched
    assert isinstance(work.pool, InlinePool)
    work.pool.before = lambda _: Failure("DifferentStudent", "", "evidence")
    best = BestSoFar(work, prepared, None)
    for _ in trials:
        best.offer(trials)
        _settle(best, work)
    best.offer(trials)
    assert work.pool.sent == [KEY] * len(trials)
    assert work.pool.under_way() == set()
    assert read_job(work.database, work.job.id).best_student_id is None


def test_the_next_best_takes_the_place_of_a_best_that_can_t_be_exported(
    searched: tuple[Work, Prepared, list[TrialRecord]],
) -> None:
    work, prepared, trials = searched
    assert isinstance(work.pool, InlinePool)
    worse, _ = sorted(trials, key=lambda t: (t.score or 0, -t.params))
    best = BestSoFar(work, prepared, None)
    best.offer(trials)
    work.pool.before = lambda _: Failure("DifferentStudent", "", "evidence")
    _settle(best, work)
    work.pool.before = lambda _: None
    best.offer(trials)
    _settle(best, work)
    best.offer(trials)
    assert work.pool.under_way() == set()
    with work.database.read() as session:
        (student,) = list_students(session, work.job.id)
    assert (student.trial_number, student.best) == (worse.number, True)


def test_a_restarted_coordinator_offers_nothing_twice(
    searched: tuple[Work, Prepared, list[TrialRecord]],
) -> None:
    work, prepared, trials = searched
    first = BestSoFar(work, prepared, None)
    first.offer(trials)
    _settle(first, work)
    BestSoFar(work, prepared, None).offer(trials)
    assert isinstance(work.pool, InlinePool)
    assert work.pool.sent == [KEY]


def test_what_was_the_best_before_is_so_again_once_the_last_best_leaves_the_pareto_set(
    searched: tuple[Work, Prepared, list[TrialRecord]],
) -> None:
    work, prepared, trials = searched
    objective = ObjectiveRequest(kind="pareto", costs=("macs",))
    work.job = replace(
        work.job, request=work.job.request.model_copy(update={"objective": objective})
    )
    whole = prepared.record
    first = replace(trials[0], params=whole.params // 2, macs=100, accuracy=0.7)
    higher = replace(trials[1], params=1, macs=200, accuracy=0.8)
    # Beats the second in MACs and accuracy, though its score is the lowest of all.
    third = replace(trials[1], number=2, params=whole.params - 1, macs=150, accuracy=0.9)
    best = BestSoFar(work, prepared, None)
    for known in ([first], [first, higher]):
        best.offer(known)
        _settle(best, work)
    with work.database.read() as session:
        students = list_students(session, work.job.id)
    assert read_job(work.database, work.job.id).best_student_id == students[1].id
    for again in (best, BestSoFar(work, prepared, None)):
        again.offer([first, higher, third])
        assert work.pool.under_way() == set()
        assert read_job(work.database, work.job.id).best_student_id == students[0].id
        work.writer.set_best(students[1].id)
