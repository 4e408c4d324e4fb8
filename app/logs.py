"""The logs: lines for people, or a JSON object a line for machines."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Literal, get_args

from opentelemetry.trace import format_span_id, format_trace_id, get_current_span

from app.log_context import log_fields

Format = Literal["text", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)
_TEXT = "%(asctime)s %(levelname)s %(message)s"
_WRITTEN: list[Format] = []


def write_logs(form: Format) -> None:
    """Has all that is logged written to standard error, from `INFO` on."""
    _WRITTEN[:] = [form]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else logging.Formatter(_TEXT))
    logging.captureWarnings(form == "json")  # those of libraries are lines of the log too
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def format_written() -> Format | None:
    """Returns how this process writes its logs; None where nobody has said it."""
    return _WRITTEN[0] if _WRITTEN else None


class JsonLines(logging.Formatter):
    """Writes a record as an object on a line of its own, with what it is about."""

    def format(self, record: logging.LogRecord) -> str:
        """Returns the line."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **log_fields(),
            **_span(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack"] = record.stack_info
        return json.dumps(line, ensure_ascii=False, default=str)


def _span() -> dict[str, object]:
    """Returns the ids of the span that is current, where traces are written."""
    context = get_current_span().get_span_context()
    if not context.is_valid:
        return {}
    return {
        "trace_id": format_trace_id(context.trace_id),
        "span_id": format_span_id(context.span_id),
    }
