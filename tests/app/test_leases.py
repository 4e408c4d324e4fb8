from dataclasses import replace

import pytest

from app.database import Database
from app.job_commands import pause
from app.job_writer import JobWriter
from app.jobs import get_job
from app.leases import Lease, claim, release, renew
from app.problems import LeaseLost
from app.trials import list_trials
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
