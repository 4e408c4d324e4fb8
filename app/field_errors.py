"""What pydantic found wrong, as the `errors` of a problem."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from app.problems import FieldError

_MOST = 20  # a body may be wrong in thousands of places; these are enough to go on
_OWN_WORDS = {
    "extra_forbidden": "there is no such field",
    "missing": "this field is needed",
    "too_short": "expected {min_length} or more, got {actual_length}",
    "too_long": "expected {max_length} at most, got {actual_length}",
    "tuple_type": "expected a list",
}


def field_errors(errors: Iterable[Mapping[str, Any]], skip: int = 0) -> list[FieldError]:
    """Returns the first of pydantic's errors; `skip` leaves out that many parts of a location.

    A list with a wrong item is not called too short: pydantic counts the right ones alone.
    """
    errors = list(errors)
    around = {error["loc"][:end] for error in errors for end in range(len(error["loc"]))}
    found: list[FieldError] = []
    for error in errors:
        if len(found) == _MOST:
            break
        if error["type"] == "too_short" and error["loc"] in around:
            continue
        own = _OWN_WORDS.get(error["type"])
        words = error["msg"] if own is None else own.format(**error.get("ctx", {}))
        found.append(FieldError(pointer(*error["loc"][skip:]), words))
    return found


def pointer(*parts: str | int) -> str:
    """Returns a JSON pointer as a URI fragment, such as `#/search/seed` (RFC 6901, section 6)."""
    return "#" + "".join(f"/{_escaped(str(part)[:200])}" for part in parts)


def _escaped(part: str) -> str:
    escaped = part.replace("~", "~0").replace("/", "~1")
    return quote(escaped, safe="~!$&()*+,;=:@", errors="replace")
