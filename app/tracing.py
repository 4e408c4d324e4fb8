"""Traces: spans of what is done, sent to an OpenTelemetry collector if the environment names one.

Without one, or without the packages of the extra `tracing`, a span is nothing and costs next to it.
Spans are sent from a thread of their own. A collector that is away is told of once; spans are
dropped meanwhile.
"""

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

_log = logging.getLogger(__name__)
_W3C = TraceContextTextMapPropagator()
_HEADER = "traceparent"
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_LAST_WORDS_S = 3.0  # at a process's end
_THEIR_LOGS = ("opentelemetry.exporter", "opentelemetry.sdk._shared_internal")


def start_tracing(service: str, environ: Mapping[str, str] = os.environ) -> Callable[[], None]:
    """Has spans sent to the collector that the environment names, if it names one.

    Args:
        service: what this process is called there, unless `OTEL_SERVICE_NAME` says it.
        environ: with OpenTelemetry's own variables.

    Returns:
        What sends the last ones, within seconds, and ends it.
    """
    endpoint = next((environ[name] for name in _ENDPOINTS if environ.get(name)), None)
    off = environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    if endpoint is None or off or environ.get("OTEL_TRACES_EXPORTER", "otlp") != "otlp":
        return _nothing
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        _log.warning("no traces are sent: `pip install 'stillhouse[tracing]'` has what sends them")
        return _nothing
    named = {} if environ.get("OTEL_SERVICE_NAME") else {"service.name": service}
    provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
    for name in _THEIR_LOGS:  # which tell of each batch
        logging.getLogger(name).setLevel(logging.CRITICAL)
    exporter = told_once(OTLPSpanExporter(), endpoint)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)

    def stop() -> None:
        last = threading.Thread(target=provider.shutdown, daemon=True)
        last.start()
        last.join(_LAST_WORDS_S)

    return stop


def told_once(exporter: "SpanExporter", endpoint: str) -> "SpanExporter":
    """Returns an exporter that says when the collector is away, and when it is back."""
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class Patient(SpanExporter):
        """Passes spans on."""

        is_there = True

        def export(self, spans: "Sequence[ReadableSpan]") -> "SpanExportResult":
            try:
                result = exporter.export(spans)
            except Exception as error:  # noqa: BLE001 - whatever it is, the work goes on
                _log.debug("spans can't be sent: %s", error)
                result = SpanExportResult.FAILURE
            is_there = result is SpanExportResult.SUCCESS
            if is_there != self.is_there:
                words = "traces reach %s again" if is_there else "traces don't reach %s: dropped"
                _log.log(logging.INFO if is_there else logging.WARNING, words, endpoint)
            self.is_there = is_there
            return result

        def shutdown(self) -> None:
            exporter.shutdown()

    return Patient()


def tracer() -> Tracer:
    """Returns what makes our spans."""
    return trace.get_tracer("stillhouse")


def traceparent(span: Span | None = None) -> str | None:
    """Returns what a span, else the current one, is called where it is continued, if it is one."""
    carrier: dict[str, str] = {}
    _W3C.inject(carrier, None if span is None else trace.set_span_in_context(span))
    return carrier.get(_HEADER)


def context_of(parent: str | None) -> Context | None:
    """Returns the context in which spans are part of another process's; None for the current."""
    return None if parent is None else _W3C.extract({_HEADER: parent}, Context())


@contextmanager
def span(name: str, parent: str | None = None, **attributes: str | int | None) -> Iterator[Span]:
    """Makes a span current until the block's end; what ends the block by an error is named.

    Args:
        name: of few there are.
        parent: as `traceparent` returned it in another process; None for the current span.
        attributes: as `job_id`, told with the prefix `stillhouse.`.
    """
    known = {f"stillhouse.{key}": value for key, value in attributes.items() if value is not None}
    with tracer().start_as_current_span(
        name,
        context_of(parent),
        attributes=known,
        record_exception=False,
        set_status_on_exception=False,
    ) as made:
        try:
            yield made
        except Exception as error:
            made.set_attribute("error.type", type(error).__name__)
            raise


def _nothing() -> None:
    """Ends what was not begun."""
