import pytest

from app.database import Database
from app.leases import claim
from app.lost_attempts import LostAttempt
from app.problems import Conflict, LeaseLost
from app.trial_losses import lose_attempt
from app.trials import list_trials
from tests.app.samples import NEVER_S, searching_job

STALE = LostAttempt(0, "stale", "lost before the lease 2")
DIED = LostAttempt(1, "died", "out of memory")


def test_a_lost_attempt_stays_on_record_and_the_trial_waits_again(database: Database) -> None:
    lease, writer = searching_job(database)
    lose_attempt(database, lease, 1, STALE)
    with database.read() as session:
        completed, again, queued = list_trials(session, lease.job_id)
    assert (again.state, again.attempts, again.lost_attempts) == ("queued", 1, (STALE,))
    assert (completed.state, completed.attempts, completed.lost_attempts) == ("completed", 0, ())
    assert (queued.state, queued.attempts) == ("queued", 0)
    writer.trial_started(1)
    lose_attempt(database, lease, 1, DIED)
    with database.read() as session:
        trial = list_trials(session, lease.job_id)[1]
    assert (trial.attempts, trial.lost_attempts) == (2, (STALE, DIED))


def test_a_trial_that_is_given_up_has_failed_of_an_error(database: Database) -> None:
    lease, writer = searching_job(database)
    lose_attempt(database, lease, 1, STALE, {"title": "given up"})
    with database.read() as session:
        trial = list_trials(session, lease.job_id)[1]
    assert (trial.state, trial.error) == ("failed", {"title": "given up"})
    assert (trial.attempts, trial.lost_attempts) == (0, (STALE,))
    writer.finish("cancelled")
    with database.read() as session:
        assert list_trials(session, lease.job_id)[1] == trial


@pytest.mark.parametrize("number", [0, 2, 9])
def test_only_a_running_trial_can_be_lost(number: int, database: Database) -> None:
    lease, _ = searching_job(database)
    with pytest.raises(Conflict, match=f"trial {number} "):
        lose_attempt(database, lease, number, STALE)


def test_whoever_lost_the_lease_loses_no_trial(database: Database) -> None:
    lease, _ = searching_job(database)
    with database.write() as session:
        session.connection().exec_driver_sql(
            "UPDATE jobs SET lease_owner = NULL, lease_until = NULL"
        )
    assert claim(database, "another", NEVER_S) is not None
    with pytest.raises(LeaseLost):
        lose_attempt(database, lease, 1, STALE)
