from sqlalchemy import update

from app.clock import DatabaseTime
from app.database import Database
from app.errand_leases import claim_errand
from app.leases import claim, renew
from app.tables import Job, Teacher
from tests.app.samples import NEVER_S, new_job
from tests.app.samples_teachers import new_teacher

BACK_S = 3600.0


def test_a_lease_from_before_the_clock_went_back_is_over(database: Database) -> None:
    new_job(database)
    assert claim(database, "a", 30.0) is not None
    _turn_back(database)
    taken = claim(database, "b", 30.0)
    assert taken is not None
    assert (taken.owner, taken.fence) == ("b", 2)


def test_whoever_lives_has_the_lease_begin_anew(database: Database) -> None:
    new_job(database)
    lease = claim(database, "a", NEVER_S)
    assert lease is not None
    _turn_back(database)
    renew(database, lease, NEVER_S)
    assert claim(database, "b", 30.0) is None


def test_a_clock_that_is_set_right_by_less_than_a_second_ends_no_lease(database: Database) -> None:
    new_job(database)
    assert claim(database, "a", NEVER_S) is not None
    _turn_back(database, 0.5)
    assert claim(database, "b", NEVER_S) is None


def test_so_is_the_lease_of_an_errand(database: Database) -> None:
    new_teacher(database)
    assert claim_errand(database, "a", 30.0) is not None
    assert claim_errand(database, "b", 30.0) is None
    _turn_back(database)
    assert claim_errand(database, "b", 30.0) is not None


def _turn_back(database: Database, by_s: float = BACK_S) -> None:
    """Has the leases say what they would if the clock had gone back since."""
    times = {"lease_from": DatabaseTime(by_s), "lease_until": DatabaseTime(by_s + 30.0)}
    with database.write() as session:
        session.execute(update(Job).values(**times))
        session.execute(update(Teacher).values(**times))
