"""All metrics of an API, as Prometheus reads them: of one process, or of all at one port."""

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from prometheus_client import (
    CollectorRegistry,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from app.crew import Crew
from app.crew_metrics import measure_together
from app.database import Database
from app.http_metrics import HttpMetrics
from app.state_metrics import StateMetrics

disable_created_metrics()  # type: ignore[no-untyped-call]  # when each series began: who asks?

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """What is measured here, and what the database says when it is asked.

    Attributes:
        registry: all of them.
        http: how this process answers requests.
    """

    def __init__(self, database: Database, crew: Crew | None = None) -> None:
        """Measures this process; with a crew, `registry` tells what all of it measure."""
        self.registry = CollectorRegistry()
        if crew is None:
            ProcessCollector(registry=self.registry)
            self.http = HttpMetrics(self.registry)
        else:
            measure_together(crew, self.registry)
            self.http = HttpMetrics(CollectorRegistry())  # the other one reads it with all others'
        self.registry.register(StateMetrics(database))
        # One at a time: however many ask, and however slow the database is, others have threads.
        self._asking = CapacityLimiter(1)

    async def text(self) -> bytes:
        """Returns them in Prometheus's text format."""
        return await run_sync(generate_latest, self.registry, limiter=self._asking)
