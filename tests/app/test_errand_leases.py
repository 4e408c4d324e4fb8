from collections.abc import Callable

import pytest
from sqlalchemy import update

from app.clock import DatabaseTime
from app.database import Database
from app.errand_leases import ErrandLease, claim_errand, release_errand, renew_errand
from app.estimates import answer_estimate, get_estimate
from app.problems import LeaseLost
from app.tables import Teacher
from app.teachers import accept_teacher, get_teacher, reject_teacher
from tests.app.samples import NEVER_S
from tests.app.samples_teachers import SUMMARY, new_estimate, new_teacher

AT_ONCE_S = -1.0  # a lease that has run out already


def _claimed(database: Database, lease_s: float = NEVER_S) -> ErrandLease:
    lease = claim_errand(database, "a", lease_s)
    assert lease is not None
    return lease


def test_an_estimate_comes_first_then_the_oldest_teacher(database: Database) -> None:
    assert claim_errand(database, "a", NEVER_S) is None
    younger, older = new_teacher(database), new_teacher(database)
    estimate = new_estimate(database)
    with database.write() as session:
        before = update(Teacher).where(Teacher.id == older).values(created_at=DatabaseTime(-60))
        session.execute(before)
    assert _claimed(database) == ErrandLease("estimate", estimate, "a", 1, 1)
    assert [_claimed(database).id for _ in range(2)] == [older, younger]
    assert claim_errand(database, "b", NEVER_S) is None
    with database.read() as session:
        assert get_estimate(session, estimate).state == "running"


def _accept(database: Database, lease: ErrandLease) -> None:
    accept_teacher(database, lease, SUMMARY, "architecture", "weights")


def _answer(database: Database, lease: ErrandLease) -> None:
    answer_estimate(database, lease, {})


@pytest.mark.parametrize(
    ("new", "end"),
    [(new_teacher, _accept), (new_estimate, _answer)],
    ids=["teacher", "estimate"],
)
def test_who_lost_a_lease_writes_nothing_more(
    database: Database,
    new: Callable[[Database], str],
    end: Callable[[Database, ErrandLease], None],
) -> None:
    new(database)
    old = _claimed(database, AT_ONCE_S)
    taken_over = _claimed(database)
    assert (taken_over.fence, taken_over.attempts) == (2, 2)
    with pytest.raises(LeaseLost):
        renew_errand(database, old, NEVER_S)
    with pytest.raises(LeaseLost):
        end(database, old)
    renew_errand(database, taken_over, NEVER_S)


def test_the_kind_that_is_asked_for_comes_first(database: Database) -> None:
    teacher = new_teacher(database)
    estimates = [new_estimate(database) for _ in range(2)]
    claimed = [claim_errand(database, "a", NEVER_S, first="teacher") for _ in range(3)]
    assert [lease.id for lease in claimed if lease is not None] == [teacher, *estimates]


def test_who_takes_one_kind_alone_leaves_the_other(database: Database) -> None:
    teacher = new_teacher(database)
    assert claim_errand(database, "a", NEVER_S, first="estimate", alone=True) is None
    claimed = claim_errand(database, "a", NEVER_S, first="teacher", alone=True)
    assert claimed == ErrandLease("teacher", teacher, "a", 1, 1)


def test_what_is_released_for_a_while_lets_others_come_first(database: Database) -> None:
    first, second = new_teacher(database), new_teacher(database)
    lease = _claimed(database)
    release_errand(database, lease, NEVER_S)
    assert {lease.id, _claimed(database).id} == {first, second}
    assert claim_errand(database, "a", NEVER_S) is None
    with database.write() as session:
        session.execute(update(Teacher).values(lease_until=DatabaseTime(-1)))
    again = _claimed(database)
    assert again.attempts == (1 if again.id == lease.id else 2)


def test_a_renewed_lease_lasts(database: Database) -> None:
    new_teacher(database)
    lease = _claimed(database, AT_ONCE_S)
    renew_errand(database, lease, NEVER_S)
    assert claim_errand(database, "b", NEVER_S) is None


def test_what_is_released_was_not_tried(database: Database) -> None:
    new_teacher(database)
    lease = _claimed(database)
    release_errand(database, lease)
    with pytest.raises(LeaseLost):
        renew_errand(database, lease, NEVER_S)
    again = _claimed(database)
    assert (again.fence, again.attempts) == (2, 1)
    release_errand(database, lease)  # void: changes nothing
    renew_errand(database, again, NEVER_S)


def test_what_has_ended_is_claimed_no_more(database: Database) -> None:
    teacher = new_teacher(database)
    reject_teacher(database, _claimed(database), {"title": "X"})
    assert claim_errand(database, "a", NEVER_S) is None
    with database.read() as session:
        assert get_teacher(session, teacher).state == "rejected"
