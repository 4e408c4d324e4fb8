"""What the database says when somebody asks for the metrics: a look at most once a second."""

import logging
import threading
import time
from collections.abc import Callable, Iterable

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from app.backlog import Backlog, read_backlog
from app.database import Database

_log = logging.getLogger(__name__)

KEPT_S = 1.0  # so that a storm of questions costs one look


class StateMetrics(Collector):
    """Tells the backlog; while the database is away, that it is.

    Args:
        database: where to look; all owners' rows are counted.
        clock: monotonic seconds.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._looked_at: float | None = None
        self._seen: Backlog | None = None

    def describe(self) -> Iterable[Metric]:
        """Yields nothing, so that to register it asks no database."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Yields the figures of a look that is at most a second old."""
        seen = self._look()
        is_up = GaugeMetricFamily("stillhouse_database_up", "Whether the database answers: 0 or 1.")
        is_up.add_metric((), float(seen is not None))
        yield is_up
        if seen is not None:
            yield from _metrics(seen)

    def _look(self) -> Backlog | None:
        """Returns what there is to see; None if the database doesn't answer."""
        with self._lock:
            if self._looked_at is None or self._clock() - self._looked_at >= KEPT_S:
                self._seen = self._read()
                self._looked_at = self._clock()
            return self._seen

    def _read(self) -> Backlog | None:
        try:
            with self._database.read() as session:
                return read_backlog(session)
        except SQLAlchemyError as error:
            _log.warning("the database can't be asked for the metrics: %s", type(error).__name__)
            return None


def _metrics(seen: Backlog) -> Iterable[Metric]:
    yield _gauge("jobs", "Jobs on record.", ("state",), (((k,), v) for k, v in seen.jobs.items()))
    yield _gauge(
        "oldest_queued_job_age_seconds",
        "Seconds since the oldest job in the queue was submitted; 0 if there is none.",
        (),
        [((), seen.oldest_queued_s)],
    )
    yield _gauge(
        "leases",
        "Jobs that a coordinator holds, and that it let slip and no other has taken yet.",
        ("state",),
        [(("held",), seen.leases_held), (("expired",), seen.leases_expired)],
    )
    yield _gauge(
        "lease_age_seconds",
        "Seconds since the lease was renewed that was renewed longest ago; 0 if there is none.",
        (),
        [((), seen.lease_age_s)],
    )
    yield _gauge(
        "trials",
        "Trials of jobs that wait or are worked on.",
        ("state",),
        (((k,), v) for k, v in seen.trials.items()),
    )
    yield _gauge(
        "errands",
        "Uploaded teachers to be checked, and estimates to be made.",
        ("kind", "state"),
        seen.errands.items(),
    )


def _gauge(
    name: str, tells: str, labels: tuple[str, ...], values: Iterable[tuple[tuple[str, ...], float]]
) -> Metric:
    gauge = GaugeMetricFamily(f"stillhouse_{name}", tells, labels=labels)
    for label, value in values:
        gauge.add_metric(label, value)
    return gauge
