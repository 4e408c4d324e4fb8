"""How the API answers: how long it takes, and how many it holds.

A request's time ends when its answer begins: how fast a client reads is not ours to measure. Nor is
how fast it sends: waiting for its bytes is left out. A request that was held until there is news
(`?wait=`) has no latency, and is counted apart; that of a stream of events ends when it opens.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Held = Literal["stream", "wait"]
UNMATCHED = "unmatched"  # the route of what is refused before it has one
OTHER = "other"
# From what memory answers to what a check of an upload takes; the goal is 50 ms.
_BUCKETS_S = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OF_ALL: Literal["livesum"] = "livesum"  # of several processes, those that live
_OF_REQUEST = "http_metrics"  # in the request's state, as the next one
_WAITED = "waited"
_START = "http.response.start"


class HttpMetrics:
    """The figures of one API process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.duration = Histogram(
            "stillhouse_http_request_duration_seconds",
            "Seconds until the answer began, without waiting for the client's bytes.",
            ("method", "route", "status"),
            buckets=_BUCKETS_S,
            registry=registry,
        )
        self.in_progress = Gauge(
            "stillhouse_http_requests_in_progress",
            "Requests whose answer has not ended, those that are held among them.",
            multiprocess_mode=_OF_ALL,
            registry=registry,
        )
        self.held = Gauge(
            "stillhouse_http_held_requests",
            "Open streams of events, and requests with ?wait= that wait for news.",
            ("kind",),
            multiprocess_mode=_OF_ALL,
            registry=registry,
        )
        self.waits = Counter(
            "stillhouse_http_waits",
            "Requests that waited for news; they are in no latency.",
            ("route", "status"),
            registry=registry,
        )
        for kind in ("stream", "wait"):
            self.held.labels(kind)  # to be seen from the start


@contextmanager
def held(scope: Scope, kind: Held) -> Iterator[None]:
    """Counts a request among those that are held, until the block's end."""
    state = scope.get("state", {})
    metrics: HttpMetrics | None = state.get(_OF_REQUEST)
    if metrics is None:  # nobody measures
        yield
        return
    state[_WAITED] = state.get(_WAITED, False) or kind == "wait"
    with metrics.held.labels(kind).track_inprogress():
        yield


class Measuring:
    """ASGI middleware that measures each request."""

    def __init__(self, app: ASGIApp, metrics: HttpMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})[_OF_REQUEST] = self._metrics
        began, sending_s, told = time.perf_counter(), 0.0, False

        async def receive_timed() -> Message:
            nonlocal sending_s
            asked = time.perf_counter()
            message = await receive()
            sending_s += time.perf_counter() - asked
            return message

        def tell(status: int) -> None:
            nonlocal told
            if not told:
                told = True
                self._tell(scope, status, time.perf_counter() - began - sending_s)

        async def send_timed(message: Message) -> None:
            if message["type"] == _START:
                tell(message["status"])
            await send(message)

        self._metrics.in_progress.inc()
        try:
            await self._app(scope, receive_timed, send_timed)
        except Exception:
            tell(500)  # as who called us will answer
            raise
        finally:
            self._metrics.in_progress.dec()

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path_format", UNMATCHED)
        if scope["state"].get(_WAITED):
            self._metrics.waits.labels(route, status).inc()
            return
        method = scope["method"] if scope["method"] in _METHODS else OTHER
        self._metrics.duration.labels(method, route, status).observe(seconds)
