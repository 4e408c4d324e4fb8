"""Where a job came from: the request that made it, for logs and traces of those who work on it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from app.log_context import request_id
from app.tracing import traceparent


@dataclass(frozen=True)
class Origin:
    """The request behind a job.

    Attributes:
        request_id: its `X-Request-Id`.
        traceparent: its span, as W3C writes it; None where no traces are written.
    """

    request_id: str | None = None
    traceparent: str | None = None

    @classmethod
    def here(cls) -> "Origin":
        """Returns the request that is being answered."""
        return cls(request_id(), traceparent())

    @classmethod
    def from_json(cls, found: Mapping[str, Any] | None) -> "Origin":
        """Returns what `to_json` made; of an older job nothing is known."""
        return cls() if found is None else cls(found["request_id"], found["traceparent"])

    def to_json(self) -> dict[str, Any]:
        """Returns it as it is kept."""
        return asdict(self)
