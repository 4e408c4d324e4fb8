import threading

import pytest
from sqlalchemy.exc import OperationalError

from app.artifacts import Artifacts
from app.database import Database
from app.errand_leases import claim_errand
from app.job_commands import cancel
from app.leases import Lease, claim, release, renew
from tests.workers.jobs import NEVER_S, held_work
from tests.workers.teachers import add_teacher
from workers.lease_keeper import LeaseKeeper


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def lease(database: Database, artifacts: Artifacts) -> Lease:
    return held_work(database, artifacts).lease


def _keeper(
    database: Database, lease: Lease, lost: list[str], lease_s: float = 30.0
) -> tuple[LeaseKeeper, Clock]:
    clock = Clock()
    return LeaseKeeper(database, lease, lease_s, lambda: lost.append("lost"), clock), clock


def test_a_held_lease_is_renewed(database: Database, lease: Lease) -> None:
    before = _lease_until(database)
    lost: list[str] = []
    keeper, _ = _keeper(database, lease, lost, 2 * NEVER_S)
    assert keeper.renew_once()
    assert _lease_until(database) > before
    assert not keeper.lost.is_set()
    assert lost == []


def test_an_errand_s_lease_is_renewed_too(database: Database, artifacts: Artifacts) -> None:
    add_teacher(database, artifacts, {"onnx": b"x"}, "onnx")
    lease = claim_errand(database, "a", -1.0)
    assert lease is not None
    assert LeaseKeeper(database, lease, NEVER_S, lambda: None).renew_once()
    assert claim_errand(database, "b", NEVER_S) is None


def test_a_lease_that_another_took_stops_the_work_at_once(database: Database, lease: Lease) -> None:
    release(database, lease)
    assert claim(database, "another", NEVER_S) is not None
    lost: list[str] = []
    keeper, _ = _keeper(database, lease, lost)
    assert not keeper.renew_once()
    assert keeper.lost.is_set()
    assert lost == ["lost"]


def test_a_silent_database_loses_the_lease_when_its_time_is_over(
    database: Database, lease: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("UPDATE", {}, Exception("disk I/O error"))

    lost: list[str] = []
    keeper, clock = _keeper(database, lease, lost)
    monkeypatch.setattr("workers.lease_keeper.renew", fail)
    clock.now_s = 29.0
    assert keeper.renew_once()
    clock.now_s = 30.0
    assert not keeper.renew_once()
    assert lost == ["lost"]


def test_a_database_that_answers_again_starts_the_time_anew(
    database: Database, lease: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("UPDATE", {}, Exception("disk I/O error"))

    keeper, clock = _keeper(database, lease, [])
    clock.now_s = 20.0
    assert keeper.renew_once()
    monkeypatch.setattr("workers.lease_keeper.renew", fail)
    clock.now_s = 45.0
    assert keeper.renew_once()


def test_the_thread_renews_until_it_is_closed(
    database: Database, lease: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewed = threading.Event()

    def note(*arguments: object) -> None:
        renew(*arguments)  # type: ignore[arg-type]
        renewed.set()

    monkeypatch.setattr("workers.lease_keeper.renew", note)
    before = threading.active_count()
    with LeaseKeeper(database, lease, 0.03, lambda: None) as keeper:
        assert renewed.wait(20)
    assert threading.active_count() == before
    assert not keeper.lost.is_set()


def test_the_thread_ends_when_the_lease_is_lost(database: Database, lease: Lease) -> None:
    stopped = threading.Event()
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE jobs SET fence = fence + 1")
        cancel(session, lease.job_id)
    with LeaseKeeper(database, lease, 0.03, stopped.set) as keeper:
        assert stopped.wait(20)
        assert keeper.lost.is_set()


def test_a_thread_that_fails_loses_the_lease_rather_than_dying_in_silence(
    database: Database, lease: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("nobody expected this")

    monkeypatch.setattr("workers.lease_keeper.renew", fail)
    stopped = threading.Event()
    with LeaseKeeper(database, lease, 0.03, stopped.set) as keeper:
        assert stopped.wait(20)
        assert keeper.lost.is_set()


def _lease_until(database: Database) -> str:
    with database.read() as session:
        query = "SELECT max(lease_until) FROM jobs"
        return str(session.connection().exec_driver_sql(query).scalar_one())
