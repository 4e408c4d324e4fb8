from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from sqlalchemy import select, update

from app.clock import DatabaseTime
from app.database import Database
from app.errand_leases import ErrandLease, Row, claim_errand, release_errand
from app.estimates import answer_estimate
from app.lease_time import lasting
from app.tables import Estimate, Teacher
from app.teachers import reject_teacher
from app.turns import next_in_turn
from tests.app.queries import statements
from tests.app.queues import queue
from tests.app.samples import NEVER_S

AT_ONCE_S = -1.0  # a lease that has run out already
HELD = {"lease_owner": "another", **lasting(NEVER_S)}


def _claim(database: Database, lease_s: float = NEVER_S) -> ErrandLease:
    lease = claim_errand(database, "a", lease_s)
    assert lease is not None
    return lease


def _answer(database: Database, lease: ErrandLease) -> None:
    answer_estimate(database, lease, {})


def _reject(database: Database, lease: ErrandLease) -> None:
    reject_teacher(database, lease, {"title": "X"})


@pytest.mark.parametrize(("table", "end"), [(Estimate, _answer), (Teacher, _reject)])
def test_keys_take_turns_with_a_single_coordinator(
    database: Database, table: type[Row], end: Callable[[Database, ErrandLease], None]
) -> None:
    first, second, third, fourth, others, more, nobodys = queue(
        database, "a", "a", "a", "a", "b", "b", None, table=table
    )
    taken = []
    for number in range(7):
        lease = _claim(database)
        taken.append(lease.id)
        end(database, lease)
        with database.write() as session:  # as if each took a second
            of_lease = update(table).where(table.id == lease.id)
            session.execute(of_lease.values(lease_from=DatabaseTime(number - 100.0)))
    assert taken == [first, others, nobodys, second, more, third, fourth]


def test_who_comes_later_waits_for_one_errand_of_a_key_that_asked_for_many(
    database: Database,
) -> None:
    first, second, third = queue(database, "a", "a", "a", table=Estimate)
    lease = _claim(database)
    (late,) = queue(database, "b", table=Estimate)
    _answer(database, lease)
    assert [lease.id, *(_claim(database).id for _ in range(3))] == [first, late, second, third]


def test_who_has_fewer_worked_on_comes_first_though_it_was_served_last(
    database: Database,
) -> None:
    long, second, short, next_one = queue(database, "a", "a", "b", "b", table=Estimate)
    assert _claim(database).id == long
    lease = _claim(database)
    assert lease.id == short
    _answer(database, lease)
    assert [_claim(database).id for _ in range(2)] == [next_one, second]


def test_an_errand_whose_holder_died_counts_no_more(database: Database) -> None:
    first, served, _ = queue(database, "a", "b", "b", table=Estimate)
    assert _claim(database, AT_ONCE_S).id == first
    lease = _claim(database)
    assert lease.id == served
    _answer(database, lease)
    assert _claim(database).id == first


def test_an_errand_that_was_let_go_for_a_while_counts_no_more(database: Database) -> None:
    first, second, served, _ = queue(database, "a", "a", "b", "b", table=Estimate)
    lease = _claim(database)
    assert lease.id == first
    release_errand(database, lease, NEVER_S)
    lease = _claim(database)
    assert lease.id == served
    _answer(database, lease)
    assert _claim(database).id == second


def test_where_one_key_alone_waits_the_ended_errands_are_not_read(database: Database) -> None:
    queue(database, "a", "a", "b", table=Estimate)
    for grouped in (True, False):
        with statements(database) as sent:
            _answer(database, _claim(database))
            with database.write() as session:
                session.execute(update(Estimate).values(owner="a"))
        assert any("GROUP BY" in one for one in sent) is grouped


def test_a_claim_waits_to_see_whose_turn_another_takes(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    first, _, others = queue(database, "a", "a", "b", table=Estimate)
    with ThreadPoolExecutor(1) as threads:
        with database.write() as session:
            row = next_in_turn(session, Estimate)
            assert row is not None
            assert row.id == first
            session.execute(update(Estimate).where(Estimate.id == first).values(HELD))
            claimed = threads.submit(_claim, database)
            assert wait([claimed], timeout=0.3).done == set()
        assert claimed.result().id == others
    database.close()


@pytest.mark.parametrize("owners", [("a", "a"), ("a", "b")])
def test_an_errand_that_another_transaction_has_locked_is_passed_over(
    postgresql_url: str, owners: tuple[str, str]
) -> None:
    database = Database(postgresql_url)
    first, second = queue(database, *owners, table=Estimate)
    with database.write() as session:
        session.execute(select(Estimate.id).where(Estimate.id == first).with_for_update())
        assert _claim(database).id == second
    assert _claim(database).id == first
    database.close()
