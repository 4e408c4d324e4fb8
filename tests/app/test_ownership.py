from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Executable, func, select, text, update
from sqlalchemy.orm import Session, aliased

from app.database import Database
from app.estimates import create_estimate, get_estimate
from app.jobs import create_job, get_job, get_overview, list_overviews, require_job
from app.ownership import EVERYBODYS, visitor_of
from app.problems import NotFound
from app.requests import JobRequest
from app.students import get_student, list_students
from app.tables import Estimate, Job, Student
from app.visitor import ANYBODY, Visitor
from tests.app.samples import REQUEST, new_job, new_student, searching_job

ADA = Visitor("key_a", "ada", frozenset({"read", "submit"}))
BOB = Visitor("key_b", "bob", frozenset({"read", "submit"}))
ADMIN = Visitor("key_c", "carl", frozenset({"admin"}))
BODY = JobRequest.model_validate(REQUEST)


def _job(database: Database, visitor: Visitor) -> str:
    with database.seen_by(visitor).write() as session:
        return create_job(session, BODY)


@contextmanager
def _reading(database: Database, visitor: Visitor) -> Iterator[Session]:
    with database.seen_by(visitor).read() as session:
        yield session


def test_a_visitor_finds_what_is_its_own_and_nothing_else(database: Database) -> None:
    ids = [_job(database, visitor) for visitor in (ADA, BOB, ADMIN)]
    nobodys = new_job(database)
    with _reading(database, ADA) as session:
        assert get_job(session, ids[0]).id == ids[0]
        assert [one.job.id for one in list_overviews(session, 10, None).items] == ids[:1]
        for other in (*ids[1:], nobodys):
            for look in (get_job, get_overview, require_job):
                with pytest.raises(NotFound):
                    look(session, other)


def test_pages_have_a_visitors_own_alone(database: Database) -> None:
    own = {_job(database, ADA) for _ in range(3)}
    for _ in range(3):
        _job(database, BOB)
    with _reading(database, ADA) as session:
        first = list_overviews(session, 2, None)
        second = list_overviews(session, 2, first.next)
    assert {one.job.id for one in (*first.items, *second.items)} == own
    assert (len(first.items), second.next) == (2, None)


def test_students_are_their_owners(database: Database) -> None:
    lease, writer = searching_job(database)
    student_id = writer.add_student(new_student(), best=True)
    with database.write() as session:
        for table in (Job, Student):
            session.execute(update(table).values(owner=ADA.key_id))
    with _reading(database, ADA) as session:
        assert get_student(session, student_id).id == student_id
        assert len(list_students(session, lease.job_id)) == 1
    with _reading(database, BOB) as session:
        assert list_students(session, lease.job_id) == []
        with pytest.raises(NotFound):
            get_student(session, student_id)


@pytest.mark.parametrize("visitor", [ADMIN, ANYBODY])
def test_an_admin_and_anybody_where_there_is_no_key_find_all(
    database: Database, visitor: Visitor
) -> None:
    ids = {_job(database, ADA), _job(database, BOB), new_job(database)}
    with _reading(database, visitor) as session:
        assert {one.job.id for one in list_overviews(session, 10, None).items} == ids


def test_a_coordinator_finds_all_and_is_nobody(database: Database) -> None:
    job_id = _job(database, ADA)
    with database.read() as session:
        assert get_job(session, job_id).id == job_id
        assert visitor_of(session) == ANYBODY


def test_what_is_made_belongs_to_who_made_it(database: Database) -> None:
    ids = [_job(database, visitor) for visitor in (ADA, ADMIN, ANYBODY)]
    with database.read() as session:
        rows = (session.get(Job, job_id) for job_id in ids)
        assert [row and row.owner for row in rows] == ["key_a", "key_c", None]


def test_a_row_by_its_key_is_not_there_for_another(database: Database) -> None:
    with database.seen_by(ADA).write() as session:
        estimate_id = create_estimate(session, {})
        assert get_estimate(session, estimate_id).id == estimate_id
    with _reading(database, BOB) as session:
        assert session.get(Estimate, estimate_id) is None


def test_no_form_of_query_finds_anothers_rows(database: Database) -> None:
    _job(database, ADA)
    other = aliased(Job)
    counted = select(func.count()).select_from(Job)
    inner = select(Job.id.label("id")).subquery()
    queries: list[Executable] = [
        select(Job.id),
        select(other.id),
        select(inner.c.id),
        select(Job.id).union_all(select(Job.id)),
        select(Job).where(Job.id.in_(select(other.id))),
    ]
    with _reading(database, BOB) as session:
        assert [session.execute(query).all() for query in queries] == [[]] * 5
        assert session.scalar(counted) == 0
        assert session.scalar(counted.execution_options(**EVERYBODYS)) == 1
        assert session.execute(text("SELECT 1")).scalar() == 1
    with _reading(database, ADA) as session:
        assert [len(session.execute(query).all()) for query in queries] == [1, 1, 1, 2, 1]


def test_nothing_of_another_is_changed(database: Database) -> None:
    job_id = _job(database, ADA)
    for visitor in (BOB, ADA):
        with database.seen_by(visitor).write() as session:
            session.execute(update(Job).values(stage=visitor.name))
        with database.read() as session:
            assert (get_job(session, job_id).stage == "ada") is (visitor == ADA)
