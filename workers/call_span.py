"""The spans of one call: from when it is sent to its end, and within it what ran on a worker.

A worker measures, and the coordinator makes the spans. So workers need neither OpenTelemetry's
packages nor a way to the collector, no training waits for one, and a call whose worker died has its
span all the same.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Hashable
from dataclasses import dataclass

from opentelemetry.trace import Span, StatusCode, set_span_in_context

from app.tracing import traceparent, tracer


@dataclass(frozen=True)
class Ran:
    """What a worker says of a call: its value, and when (nanoseconds of its clock) and where."""

    value: object
    began_ns: int
    ended_ns: int
    host: str
    pid: int

    @classmethod
    def now(cls, value: object, began_ns: int, ended_ns: int) -> Ran:
        """Returns what this worker says."""
        return cls(value, began_ns, ended_ns, socket.gethostname(), os.getpid())


class CallSpan:
    """The span of a call that is being sent; its parent is the current one.

    Args:
        key: the call's; a whole number is a trial's.
        function: name of what is called, and the span's.
    """

    def __init__(self, key: Hashable, function: str) -> None:
        told: dict[str, str | int] = {"stillhouse.call": str(key)}
        if isinstance(key, int):
            told["stillhouse.trial"] = key
        self._span: Span = tracer().start_span(function, attributes=told)

    @property
    def traceparent(self) -> str | None:
        """What it is called on the worker."""
        return traceparent(self._span)

    def ran(self, ran: Ran, attempt: int) -> None:
        """Adds what ran on a worker."""
        if not self._span.is_recording():
            return
        told: dict[str, str | int] = {
            "host.name": ran.host,
            "process.pid": ran.pid,
            "stillhouse.attempt": attempt,
        }
        within = set_span_in_context(self._span)
        part = tracer().start_span("run", within, attributes=told, start_time=ran.began_ns)
        part.end(max(ran.ended_ns, ran.began_ns))

    def end(self, failure: str | None = None) -> None:
        """Ends it; `failure` says why the call gave no value."""
        if failure is not None:
            self._span.set_attribute("error.type", failure)
            self._span.set_status(StatusCode.ERROR)
        self._span.end()
