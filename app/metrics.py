"""All metrics of one API process, as Prometheus reads them."""

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from prometheus_client import (
    CollectorRegistry,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from app.database import Database
from app.http_metrics import HttpMetrics
from app.state_metrics import StateMetrics

disable_created_metrics()  # type: ignore[no-untyped-call]  # when each series began: who asks?

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """What this process measures, and what the database says when it is asked.

    Attributes:
        registry: all of them.
        http: how requests are answered.
    """

    def __init__(self, database: Database) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.http = HttpMetrics(self.registry)
        self.registry.register(StateMetrics(database))
        # One at a time: however many ask, and however slow the database is, others have threads.
        self._asking = CapacityLimiter(1)

    async def text(self) -> bytes:
        """Returns them in Prometheus's text format."""
        return await run_sync(generate_latest, self.registry, limiter=self._asking)
