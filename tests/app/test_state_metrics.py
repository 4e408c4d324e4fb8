import threading
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.database import Database
from app.state_metrics import StateMetrics
from tests.app.queries import statements
from tests.app.samples import new_job


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Away:
    """A database that is away for as long as a test wants."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.is_away = True
        self.asked = 0

    @contextmanager
    def read(self) -> Iterator[Session]:
        self.asked += 1
        if self.is_away:
            raise OperationalError("SELECT", {}, Exception("away"))
        with self.database.read() as session:
            yield session


def registered(metrics: StateMetrics) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(metrics)
    return registry


def test_a_storm_of_questions_costs_one_look_a_second(sqlite_database: Database) -> None:
    clock = Clock()
    registry = registered(StateMetrics(sqlite_database, clock))
    new_job(sqlite_database)
    queued = ("stillhouse_jobs", {"state": "queued"})
    with statements(sqlite_database) as sent:
        assert registry.get_sample_value(*queued) == 1
        new_job(sqlite_database)
        first = len(sent)
        for _ in range(50):
            assert registry.get_sample_value(*queued) == 1
        assert 0 < first == len(sent)
        clock.now += 1.0
        assert registry.get_sample_value(*queued) == 2


def test_to_be_registered_asks_nothing(sqlite_database: Database) -> None:
    with statements(sqlite_database) as sent:
        registered(StateMetrics(sqlite_database))
    assert sent == []


def test_a_database_that_is_away_is_told_and_asked_again_later(sqlite_database: Database) -> None:
    clock, away = Clock(), Away(sqlite_database)
    registry = registered(StateMetrics(away, clock))  # type: ignore[arg-type]  # all it asks of it
    for _ in range(9):
        assert registry.get_sample_value("stillhouse_database_up") == 0
    assert registry.get_sample_value("stillhouse_jobs", {"state": "queued"}) is None
    assert away.asked == 1
    away.is_away = False
    clock.now += 1.0
    assert registry.get_sample_value("stillhouse_database_up") == 1


def test_those_who_ask_at_once_share_one_look(sqlite_database: Database) -> None:
    away = Away(sqlite_database)
    away.is_away = False
    metrics = StateMetrics(away)  # type: ignore[arg-type]  # all it asks of it
    together = threading.Barrier(8)

    def ask() -> None:
        together.wait()
        assert list(metrics.collect())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert away.asked == 1
