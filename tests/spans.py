"""The spans that are made during a test, kept in memory."""

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


class Spans:
    """What was made; from the time it was asked for, spans are real ones."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._kept = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._kept))
        monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)

    def named(self, name: str) -> list[ReadableSpan]:
        """Returns those that have ended, in that order."""
        return [span for span in self._kept.get_finished_spans() if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        """Returns the only one of its name."""
        names = [span.name for span in self._kept.get_finished_spans()]
        assert names.count(name) == 1, names
        return self.named(name)[0]

    def path(self, span: ReadableSpan) -> list[str]:
        """Returns the names from a span up to the first one of its trace that was made here."""
        by_id = {s.context.span_id: s for s in self._kept.get_finished_spans() if s.context}
        names = [span.name]
        while span.parent is not None and span.parent.span_id in by_id:
            span = by_id[span.parent.span_id]
            names.append(span.name)
        return names


def trace_of(span: ReadableSpan) -> int:
    assert span.context is not None
    found: int = span.context.trace_id
    return found
