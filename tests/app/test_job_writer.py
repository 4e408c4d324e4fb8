import dataclasses
from collections.abc import Callable

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import job_commands
from app.database import Database
from app.embeddings import get_embedding
from app.job_writer import JobWriter
from app.jobs import get_job, get_overview
from app.leases import claim
from app.problems import Conflict, LeaseLost
from app.records import (
    EndState,
    JobRecord,
    NewEmbedding,
    Progress,
    StoredStudentFile,
    StudentRecord,
    TrialRecord,
    TrialSource,
)
from app.students import list_students
from app.trials import list_trials
from tests.app.samples import (
    NEVER_S,
    RESULT,
    TEACHER,
    held_job,
    new_student,
    new_trial,
    searching_job,
)

EMBEDDING = NewEmbedding("key", "sha", 7, "zoo/resnet20", "digits", 3, 8, {"version": 1})
SOURCE = TrialSource("job_1", 5)
ERROR: dict[str, object] = {"type": "x", "title": "X", "status": 422, "detail": "d"}


def _job(database: Database, job_id: str) -> JobRecord:
    with database.read() as session:
        return get_job(session, job_id)


def _tell(database: Database, job_id: str, *commands: Callable[[Session, str], None]) -> None:
    for command in commands:
        with database.write() as session:
            command(session, job_id)


def _trials(database: Database, job_id: str) -> list[TrialRecord]:
    with database.read() as session:
        return list_trials(session, job_id)


def _students(database: Database, job_id: str) -> list[StudentRecord]:
    with database.read() as session:
        return list_students(session, job_id)


def test_a_job_starts_once(database: Database) -> None:
    lease, writer = held_job(database)
    assert _job(database, lease.job_id).started_at is None
    writer.set_state("preparing", "training the teacher")
    first = _job(database, lease.job_id)
    assert (first.state, first.stage) == ("preparing", "training the teacher")
    assert first.started_at is not None
    writer.set_state("searching", "searching")
    writer.set_stage("round 2")
    second = _job(database, lease.job_id)
    assert (second.state, second.stage) == ("searching", "round 2")
    assert second.started_at == first.started_at


def test_a_teacher_is_put_on_record_and_replaced(database: Database) -> None:
    lease, writer = held_job(database)
    writer.record_teacher(TEACHER)
    assert _job(database, lease.job_id).teacher == TEACHER
    other = dataclasses.replace(TEACHER, accuracy=0.5, precision={"dtype": "bfloat16"})
    writer.record_teacher(other)
    writer.record_teacher_test(0.9)
    writer.record_teacher_latency(3.5)
    found = _job(database, lease.job_id).teacher
    assert found == dataclasses.replace(other, test_accuracy=0.9, latency_ms=3.5)


def test_latencies_are_kept(database: Database) -> None:
    lease, writer = held_job(database)
    writer.record_teacher(TEACHER)
    writer.add_trials([dataclasses.replace(new_trial(0), latency_ms=1.5)], None)
    writer.trial_completed(0, RESULT)
    assert _trials(database, lease.job_id)[0].latency_ms == 1.5
    writer.add_student(dataclasses.replace(new_student(), latency_ms=1.25), best=True)
    with database.read() as session:
        best = get_overview(session, lease.job_id).best
    assert best is not None
    assert best.latency_ms == 1.25


def test_trials_go_their_way(database: Database) -> None:
    lease, writer = held_job(database)
    writer.add_trials([new_trial(0), new_trial(1)], "proposer/0")
    writer.add_trials([new_trial(2)], None)
    assert _job(database, lease.job_id).proposer_key == "proposer/0"
    writer.trial_started(0)
    writer.trial_started(1)
    writer.trial_completed(0, RESULT)
    writer.trial_failed(1, ERROR)
    completed, failed, queued = _trials(database, lease.job_id)
    assert (completed.state, failed.state, queued.state) == ("completed", "failed", "queued")
    assert (completed.accuracy, completed.score, completed.epochs) == (0.9, 0.97, 5)
    assert (completed.duration_s, completed.weights_key) == (1.5, "weights")
    assert failed.error == ERROR
    assert queued.edits == {"widths": {"a": 2}}
    with database.read() as session:
        progress = get_overview(session, lease.job_id).progress
    assert progress == Progress(completed=1, running=0, failed=1)


def test_a_stopped_trial_has_its_curve_and_no_accuracy(database: Database) -> None:
    lease, writer = searching_job(database)
    writer.trial_stopped(1, (0.25, 0.5), 2.5, "l1")
    trial = _trials(database, lease.job_id)[1]
    assert (trial.state, trial.curve, trial.epochs) == ("stopped", (0.25, 0.5), 2)
    assert (trial.duration_s, trial.criterion) == (2.5, "l1")
    assert (trial.accuracy, trial.score, trial.weights_key) == (None, None, None)
    with database.read() as session:
        progress = get_overview(session, lease.job_id).progress
    assert progress == Progress(completed=1, stopped=1)
    with pytest.raises(Conflict):
        writer.trial_stopped(1, (0.5,), 1.0, None)
    writer.finish("cancelled")
    assert _trials(database, lease.job_id)[1] == trial


def test_a_result_counts_once_and_stays(database: Database) -> None:
    lease, writer = searching_job(database)
    late = dataclasses.replace(RESULT, accuracy=0.1)
    with pytest.raises(Conflict):
        writer.trial_completed(0, late)
    with pytest.raises(Conflict):
        writer.trial_failed(0, ERROR)
    with pytest.raises(Conflict):
        writer.trial_started(0)
    assert _trials(database, lease.job_id)[0].accuracy == RESULT.accuracy


def test_a_result_is_taken_over_by_a_queued_trial_alone(database: Database) -> None:
    lease, writer = searching_job(database)
    for number in (0, 1):
        with pytest.raises(Conflict, match="not queued"):
            writer.trial_reused(number, RESULT, SOURCE, seed=3)
    writer.trial_reused(2, RESULT, SOURCE, seed=3)
    trial = _trials(database, lease.job_id)[2]
    assert (trial.state, trial.seed, trial.reused_from) == ("completed", 3, SOURCE)
    assert (trial.accuracy, trial.weights_key) == (RESULT.accuracy, RESULT.weights_key)


def test_a_trial_that_is_not_there_is_refused(database: Database) -> None:
    _, writer = held_job(database)
    with pytest.raises(Conflict, match="trial 5"):
        writer.trial_started(5)


def test_the_same_student_is_not_tried_twice(database: Database) -> None:
    lease, writer = searching_job(database)
    twice = dataclasses.replace(new_trial(9), hash=new_trial(0).hash)
    with pytest.raises(IntegrityError):
        writer.add_trials([new_trial(8), twice], "new proposer")
    assert len(_trials(database, lease.job_id)) == 3
    assert _job(database, lease.job_id).proposer_key == "proposer"


def test_one_student_is_the_best(database: Database) -> None:
    lease, writer = searching_job(database)
    files = (StoredStudentFile("a.json", "key/a", 3, "sha"), StoredStudentFile("b", "k", 4, "s"))
    first = writer.add_student(new_student(files), best=True)
    second = writer.add_student(new_student(final=True), best=False)
    assert _job(database, lease.job_id).best_student_id == first
    writer.set_best(second)
    assert _job(database, lease.job_id).best_student_id == second
    third = writer.add_student(new_student(final=True), best=True)
    students = {student.id: student for student in _students(database, lease.job_id)}
    assert [students[one].best for one in (first, second, third)] == [False, False, True]
    assert students[first].files == files
    assert (students[first].final, students[second].final) == (False, True)


def test_a_strangers_student_does_not_become_the_best(database: Database) -> None:
    other_lease, other = searching_job(database)
    stranger = other.add_student(new_student(), best=True)
    lease, writer = searching_job(database)
    own = writer.add_student(new_student(), best=True)
    with pytest.raises(Conflict):
        writer.set_best(stranger)
    assert _job(database, lease.job_id).best_student_id == own
    assert _job(database, other_lease.job_id).best_student_id == stranger


def test_a_finished_job_is_free_and_closed(database: Database) -> None:
    lease, writer = searching_job(database)
    writer.finish("succeeded", embedding=EMBEDDING)
    job = _job(database, lease.job_id)
    assert (job.state, job.stage) == ("succeeded", "succeeded")
    assert job.finished_at is not None
    assert [trial.state for trial in _trials(database, lease.job_id)] == [
        "completed",
        "cancelled",
        "cancelled",
    ]
    assert job.embedding_id is not None
    with database.read() as session:
        embedding = get_embedding(session, job.embedding_id)
    assert (embedding.job_id, embedding.trials, embedding.kernels) == (lease.job_id, 3, 8)
    assert embedding.summary == {"version": 1}
    with pytest.raises(LeaseLost):
        writer.set_stage("after the end")


def test_a_failed_job_says_why(database: Database) -> None:
    lease, writer = held_job(database)
    writer.finish("failed", error=ERROR)
    assert _job(database, lease.job_id).error == ERROR


def test_a_paused_job_keeps_its_trials_waiting(database: Database) -> None:
    lease, writer = searching_job(database)
    _tell(database, lease.job_id, job_commands.pause)
    writer.finish("paused")
    job = _job(database, lease.job_id)
    assert (job.state, job.command, job.finished_at) == ("paused", None, None)
    assert [t.state for t in _trials(database, lease.job_id)] == ["completed", "queued", "queued"]


def test_a_job_that_is_resumed_while_it_pauses_goes_on(database: Database) -> None:
    lease, writer = searching_job(database)
    _tell(database, lease.job_id, job_commands.pause, job_commands.resume)
    writer.finish("paused")
    job = _job(database, lease.job_id)
    assert (job.state, job.stage, job.finished_at) == ("queued", "queued", None)
    assert [t.state for t in _trials(database, lease.job_id)] == ["completed", "queued", "queued"]
    with pytest.raises(LeaseLost):
        writer.set_stage("after the end")
    again = claim(database, "another", NEVER_S)
    assert again is not None
    assert again.job_id == lease.job_id


def test_a_job_that_is_cancelled_while_it_pauses_is_cancelled(database: Database) -> None:
    lease, writer = searching_job(database)
    _tell(database, lease.job_id, job_commands.pause, job_commands.cancel)
    writer.finish("paused")
    job = _job(database, lease.job_id)
    assert (job.state, job.command) == ("cancelled", None)
    assert job.finished_at is not None
    assert {t.state for t in _trials(database, lease.job_id)} == {"completed", "cancelled"}


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
def test_an_end_stays_what_it_is(database: Database, state: EndState) -> None:
    lease, writer = searching_job(database)
    _tell(database, lease.job_id, job_commands.pause)
    writer.finish(state)
    assert _job(database, lease.job_id).state == state


def test_nothing_is_written_without_the_lease(database: Database) -> None:
    lease, writer = searching_job(database)
    student = writer.add_student(new_student(), best=True)
    _tell(database, lease.job_id, job_commands.pause)
    # The coordinator was given up; another holds the job now.
    writer.finish("paused")
    _tell(database, lease.job_id, job_commands.resume)
    assert claim(database, "another", NEVER_S) is not None
    before = (_job(database, lease.job_id), _trials(database, lease.job_id))
    for write in (
        lambda: writer.set_state("finishing", "x"),
        lambda: writer.record_teacher(TEACHER),
        lambda: writer.record_teacher_test(0.1),
        lambda: writer.add_trials([new_trial(7)], "x"),
        lambda: writer.trial_started(2),
        lambda: writer.trial_completed(1, RESULT),
        lambda: writer.trial_failed(1, ERROR),
        lambda: writer.trial_reused(2, RESULT, SOURCE, seed=3),
        lambda: writer.add_student(new_student(), best=True),
        lambda: writer.set_best(student),
        lambda: writer.finish("failed", ERROR),
    ):
        with pytest.raises(LeaseLost):
            write()
    assert (_job(database, lease.job_id), _trials(database, lease.job_id)) == before


def test_a_writer_is_bound_to_its_own_job(database: Database) -> None:
    first, _ = held_job(database)
    second, writer = held_job(database)
    assert isinstance(writer, JobWriter)
    writer.set_stage("mine")
    assert _job(database, first.job_id).stage == "queued"
    assert _job(database, second.job_id).stage == "mine"
