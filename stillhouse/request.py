"""The body of `POST /v1/jobs`, put together from a file and from what was typed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stillhouse.errors import StillhouseError


class BadRequestFile(StillhouseError):
    """Raised when a request's file or an assignment to one of its fields can't be read."""

    exit_code = 2


def read_request(path: Path) -> dict[str, Any]:
    """Returns the request in a JSON file; raises BadRequestFile if it isn't a JSON object."""
    try:
        request = json.loads(path.read_text("utf-8"))
    except OSError as error:
        msg = f"can't read {path}: {error.strerror}"
        raise BadRequestFile(msg) from error
    except ValueError as error:
        msg = f"{path} is not JSON: {error}"
        raise BadRequestFile(msg) from error
    if not isinstance(request, dict):
        msg = f"{path} holds a JSON {type(request).__name__} where an object is wanted"
        raise BadRequestFile(msg)
    return request


def parse_assignments(assignments: Sequence[str]) -> dict[str, Any]:
    """Returns values by dotted field name from texts like `search.kernels=4`.

    A value is JSON, or a string when it isn't. Raises BadRequestFile without an equals sign.
    """
    values: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not name:
            msg = f"--set takes FIELD=VALUE, such as search.kernels=4, and not {assignment!r}"
            raise BadRequestFile(msg)
        try:
            values[name] = json.loads(text)
        except ValueError:
            values[name] = text
    return values


def read_object(text: str) -> dict[str, Any]:
    """Returns the JSON object that a text is, or that the file of that name holds.

    Raises:
        BadRequestFile: It is none.
    """
    if not text.lstrip().startswith("{"):
        return read_request(Path(text))
    try:
        found: dict[str, Any] = json.loads(text)
    except ValueError as error:
        msg = f"{text} is not JSON: {error}"
        raise BadRequestFile(msg) from error
    return found


def read_shape(text: str) -> tuple[int, ...]:
    """Returns channels, height and width of a text like `3x224x224`; raises BadRequestFile."""
    parts = text.split("x")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        msg = f"an input shape is CHANNELSxHEIGHTxWIDTH, such as 3x224x224, and not {text!r}"
        raise BadRequestFile(msg)
    return tuple(map(int, parts))


def with_fields(request: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the request with the fields set that dotted names name; None sets nothing.

    Raises:
        BadRequestFile: A name goes through a field that is no object.
    """
    changed: dict[str, Any] = json.loads(json.dumps(request))
    for name, value in values.items():
        if value is not None:
            _set(changed, name.split("."), value)
    return changed


def _set(request: dict[str, Any], path: Sequence[str], value: object) -> None:
    part: Any = request
    for name in path[:-1]:
        part = part.setdefault(name, {})
        if not isinstance(part, dict):
            msg = f"{'.'.join(path)} can't be set: {name} is no object in the request"
            raise BadRequestFile(msg)
    part[path[-1]] = value
