"""What goes along with a call: what its log lines are about, how they are written, and its span."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from opentelemetry.context import attach

from app.log_context import Field, about, log_fields
from app.logs import Format, format_written, write_logs
from app.tracing import context_of


@dataclass(frozen=True)
class CallContext:
    """Where a call was sent from.

    Attributes:
        fields: of its lines of the log.
        log_format: as they are written there; None: in no particular way.
        traceparent: its span, where traces are written.
    """

    fields: Mapping[str, Field]
    log_format: Format | None
    traceparent: str | None

    @classmethod
    def here(cls, key: object, traceparent: str | None) -> CallContext:
        """Returns the context of a call with a key; a whole number is a trial's."""
        fields = dict(log_fields()) | ({"trial": key} if isinstance(key, int) else {})
        return cls(fields, format_written(), traceparent)

    def take_on(self) -> None:
        """Makes it this process's, which is there for this call alone."""
        if self.log_format is not None:
            write_logs(self.log_format)
        about(**self.fields)
        parent = context_of(self.traceparent)
        if parent is not None:
            attach(parent)
