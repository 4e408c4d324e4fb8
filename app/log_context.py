"""What is being worked on, for the lines of the log that are written meanwhile."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

Field = str | int
_FIELDS: ContextVar[Mapping[str, Field]] = ContextVar("stillhouse_log_fields", default={})  # noqa: B039 - never changed


def log_fields() -> Mapping[str, Field]:
    """Returns what this context is about: `request_id`, `key_id`, `job_id`, `trial`, …."""
    return _FIELDS.get()


def request_id() -> str | None:
    """Returns the id of the request that is being answered, or that the job under way came by."""
    found = _FIELDS.get().get("request_id")
    return None if found is None else str(found)


def about(**fields: Field | None) -> None:
    """Adds fields for the rest of this context: of a request, or of a thread of one's own."""
    _FIELDS.set({**_FIELDS.get(), **_known(fields)})


@contextmanager
def while_about(**fields: Field | None) -> Iterator[None]:
    """Adds fields until the block's end."""
    token = _FIELDS.set({**_FIELDS.get(), **_known(fields)})
    try:
        yield
    finally:
        _FIELDS.reset(token)


def _known(fields: Mapping[str, Field | None]) -> dict[str, Field]:
    return {name: value for name, value in fields.items() if value is not None}
