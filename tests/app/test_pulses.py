from collections.abc import Callable

import pytest

from app import job_commands
from app.database import Database
from app.errand_leases import claim_errand
from app.estimates import answer_estimate, create_estimate
from app.job_writer import JobWriter
from app.lost_attempts import LostAttempt
from app.pulses import read_pulses
from app.trial_losses import lose_attempt
from tests.app.queries import statements
from tests.app.samples import (
    NEVER_S,
    REQUEST,
    RESULT,
    TEACHER,
    new_job,
    new_student,
    new_trial,
    searching_job,
)

CHANGES: dict[str, Callable[[JobWriter], object]] = {
    "state": lambda writer: writer.set_state("finishing", "searching"),
    "stage": lambda writer: writer.set_stage("waiting"),
    "teacher": lambda writer: writer.record_teacher_test(0.9),
    "teacher's latency": lambda writer: writer.record_teacher_latency(0.9),
    "new trial": lambda writer: writer.add_trials([new_trial(3)], None),
    "started": lambda writer: writer.trial_started(2),
    "completed": lambda writer: writer.trial_completed(1, RESULT),
    "stopped": lambda writer: writer.trial_stopped(1, [0.5], 1.0, None),
    "failed": lambda writer: writer.trial_failed(2, {"title": "diverged"}),
    "best": lambda writer: writer.add_student(new_student(), best=True),
    "end": lambda writer: writer.finish("succeeded"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_change_changes_the_pulse(
    sqlite_database: Database, change: Callable[[JobWriter], object]
) -> None:
    lease, writer = searching_job(sqlite_database)
    other = new_job(sqlite_database)
    before = read_pulses(sqlite_database, [lease.job_id, other])
    assert read_pulses(sqlite_database, [lease.job_id, other]) == before
    change(writer)
    after = read_pulses(sqlite_database, [lease.job_id, other])
    assert after[lease.job_id] != before[lease.job_id]
    assert after[other] == before[other]


def test_a_lost_attempt_and_a_pause_taken_back_change_the_pulse(database: Database) -> None:
    lease, writer = searching_job(database)
    pulses = [read_pulses(database, [lease.job_id])]
    lose_attempt(database, lease, 1, LostAttempt(0, "died", "signal 9"))
    writer.trial_started(1)
    pulses.append(read_pulses(database, [lease.job_id]))
    assert pulses[0] != pulses[1]
    waiting = new_job(database)
    before = read_pulses(database, [waiting])
    with database.write() as session:
        job_commands.pause(session, waiting)
        job_commands.resume(session, waiting)
    assert read_pulses(database, [waiting]) != before


def test_estimates_have_a_pulse_and_what_is_not_there_has_none(database: Database) -> None:
    with database.write() as session:
        estimate = create_estimate(session, REQUEST)
    before = read_pulses(database, [estimate, "job_" + "a" * 22, "tch_" + "a" * 22, "../x"])
    assert set(before) == {estimate}
    lease = claim_errand(database, "coordinator", NEVER_S)
    assert lease is not None
    answer_estimate(database, lease, {"teacher": {}})
    assert read_pulses(database, [estimate])[estimate] != before[estimate]


def test_many_jobs_take_two_statements(database: Database) -> None:
    lease, writer = searching_job(database)
    writer.record_teacher(TEACHER)
    jobs = [lease.job_id, *(new_job(database) for _ in range(20))]
    with statements(database) as sent:
        assert set(read_pulses(database, jobs)) == set(jobs)
    assert len([one for one in sent if one.startswith("SELECT")]) == 2
