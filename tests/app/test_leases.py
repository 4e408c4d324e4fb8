from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from app.clock import DatabaseTime
from app.database import Database
from app.job_commands import pause
from app.job_writer import JobWriter
from app.jobs import get_job
from app.leases import Lease, claim, release, renew
from app.problems import LeaseLost
from app.tables import Job
from app.trials import list_trials
from tests.app.queries import statements
from tests.app.queues import queue
from tests.app.samples import NEVER_S, new_job, searching_job

AT_ONCE_S = -1.0  # a lease that has run out already


def test_the_oldest_free_job_is_claimed(database: Database) -> None:
    assert claim(database, "a", NEVER_S) is None
    first, second = new_job(database), new_job(database)
    order = [claim(database, "a", NEVER_S), claim(database, "b", NEVER_S)]
    assert [lease and lease.job_id for lease in order] in ([first, second], [second, first])
    assert claim(database, "c", NEVER_S) is None


def test_a_lease_that_ran_out_is_taken_over_with_a_higher_fence(database: Database) -> None:
    job_id = new_job(database)
    assert claim(database, "a", AT_ONCE_S) == Lease(job_id, "a", 1)
    assert claim(database, "b", NEVER_S) == Lease(job_id, "b", 2)
    with database.read() as session:
        assert get_job(session, job_id).fence == 2


def test_who_lost_the_lease_can_neither_renew_nor_write(database: Database) -> None:
    new_job(database)
    old = claim(database, "a", AT_ONCE_S)
    new = claim(database, "a", NEVER_S)
    assert old is not None
    assert new is not None
    with pytest.raises(LeaseLost):
        renew(database, old, NEVER_S)
    with pytest.raises(LeaseLost):
        JobWriter(database, old).set_stage("zombie")
    renew(database, new, NEVER_S)
    JobWriter(database, new).set_stage("alive")
    with database.read() as session:
        assert get_job(session, new.job_id).stage == "alive"


def test_a_lease_that_ran_out_may_be_renewed_while_nobody_took_over(database: Database) -> None:
    new_job(database)
    lease = claim(database, "a", AT_ONCE_S)
    assert lease is not None
    renew(database, lease, NEVER_S)
    assert claim(database, "b", NEVER_S) is None


def test_a_released_job_is_free_and_the_lease_void(database: Database) -> None:
    new_job(database)
    lease = claim(database, "a", NEVER_S)
    assert lease is not None
    release(database, lease)
    with pytest.raises(LeaseLost):
        renew(database, lease, NEVER_S)
    taken = claim(database, "b", NEVER_S)
    assert taken is not None
    release(database, lease)
    renew(database, taken, NEVER_S)


def test_the_trials_of_a_released_job_wait_and_none_is_lost(database: Database) -> None:
    lease, _ = searching_job(database)
    release(database, lease)
    with database.read() as session:
        trials = list_trials(session, lease.job_id)
    assert [(t.state, t.attempts) for t in trials] == [
        ("completed", 0),
        ("queued", 0),
        ("queued", 0),
    ]


def test_a_void_lease_lets_no_trial_go(database: Database) -> None:
    lease, _ = searching_job(database)
    release(database, replace(lease, owner="another"))
    with database.read() as session:
        assert list_trials(session, lease.job_id)[1].state == "running"


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled", "paused"])
def test_a_job_that_has_ended_or_waits_is_not_claimed(database: Database, state: str) -> None:
    job_id = new_job(database)
    lease = claim(database, "a", NEVER_S)
    assert lease is not None
    if state == "paused":
        with database.write() as session:
            pause(session, job_id)
    JobWriter(database, lease).finish(state)  # type: ignore[arg-type]  # of the list above
    assert claim(database, "b", NEVER_S) is None


def _claimed(database: Database, times: int, most_of_key: int = 0) -> list[str | None]:
    leases = [claim(database, f"{n}", NEVER_S, most_of_key) for n in range(times)]
    return [None if lease is None else lease.job_id for lease in leases]


def test_keys_take_turns_by_how_many_of_their_jobs_are_worked_on(database: Database) -> None:
    jobs = queue(database, "a", "a", "a", "b", "b", None)
    first, second, third, others, more, nobodys = jobs
    assert _claimed(database, 7) == [first, others, nobodys, second, more, third, None]


def test_keys_take_turns_with_a_single_coordinator(database: Database) -> None:
    first, second, third, others, more = queue(database, "a", "a", "a", "b", "b")
    taken = []
    for number in range(5):
        lease = claim(database, "alone", NEVER_S)
        assert lease is not None
        taken.append(lease.job_id)
        JobWriter(database, lease).finish("failed")
        with database.write() as session:  # as if each took a second
            of_job = update(Job).where(Job.id == lease.job_id)
            session.execute(of_job.values(lease_from=DatabaseTime(number - 100.0)))
    assert taken == [first, others, second, more, third]


@pytest.mark.parametrize("owners", [("a", "b"), ("a", "a")])
def test_a_job_that_was_begun_goes_on_before_one_of_another_key_begins(
    database: Database, owners: tuple[str, str]
) -> None:
    first, second = queue(database, *owners)
    lease = claim(database, "dies", AT_ONCE_S)
    assert lease is not None
    assert lease.job_id == first
    with database.write() as session:
        begun = update(Job).where(Job.id == first)
        session.execute(begun.values(state="searching", created_at=DatabaseTime()))
    assert _claimed(database, 2) == [first, second]


def test_a_job_that_was_let_go_counts_no_more(database: Database) -> None:
    first, second, other, last = queue(database, "a", "a", "b", "b")
    assert claim(database, "dead", AT_ONCE_S) == Lease(first, "dead", 1)
    lease = claim(database, "alive", NEVER_S)
    assert lease is not None
    assert lease.job_id == other
    assert _claimed(database, 1) == [first]
    JobWriter(database, lease).finish("failed")
    assert _claimed(database, 3) == [last, second, None]


def test_no_more_jobs_of_a_key_are_worked_on_than_may_be(database: Database) -> None:
    jobs = queue(database, "a", "a", "a", "b", None, None, None)
    taken = _claimed(database, 7, most_of_key=2)
    assert taken[-1] is None
    assert set(taken) == {*jobs[:2], *jobs[3:], None}
    assert _claimed(database, 1) == [jobs[2]]


@pytest.mark.parametrize("jobs", [1, 50])
def test_a_claim_takes_as_many_statements_however_long_thequeue(
    database: Database, jobs: int
) -> None:
    queue(database, *(f"key {n % 7}" for n in range(jobs)))
    with statements(database) as sent:
        assert claim(database, "a", NEVER_S) is not None
    sent = [one for one in sent if not one.startswith(("BEGIN", "SELECT pg_adv"))]
    assert [one.split()[0] for one in sent] == ["SELECT", "SELECT", "UPDATE", "UPDATE"]


def test_claims_at_once_take_each_a_job_and_none_too_many(database: Database) -> None:
    jobs = queue(database, *(["a"] * 6), *(["b"] * 6))
    with ThreadPoolExecutor(8) as threads:
        work = [threads.submit(claim, database, f"{n}", NEVER_S, 3) for n in range(8)]
        taken = [lease.job_id for lease in (one.result() for one in work) if lease is not None]
    assert sorted(taken) == sorted([*jobs[:3], *jobs[6:9]])


def test_a_job_that_another_transaction_has_locked_is_passed_over(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    first, second = queue(database, "a", "a")
    with database.write() as session:
        session.execute(select(Job.id).where(Job.id == first).with_for_update())
        assert _claimed(database, 1) == [second]
    assert _claimed(database, 1) == [first]
    database.close()
