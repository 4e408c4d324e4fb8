"""The headers of answers, as the API's description has them."""

from collections.abc import Iterator, Mapping
from typing import Any

from app import request_ids
from app.idempotency import HEADER, REPLAYED

_TEXT = {"type": "string"}
_DESCRIBED: Mapping[str, tuple[str, dict[str, str], object]] = {
    "Accept-Ranges": ("Parts of it can be asked for.", _TEXT, "bytes"),
    "Content-Range": ("Which part it is, and of how many bytes.", _TEXT, "bytes 0-499/1234"),
    "ETag": (
        "Stands for this answer: sent back as `If-None-Match`, it gets 304 while nothing is new.",
        _TEXT,
        'W/"9b74c9897bac770ffc029102a200c5de"',
    ),
    REPLAYED: ("`true` where it is the first answer to this key, again.", _TEXT, "true"),
    "Location": ("Where it is.", _TEXT, "/v1/jobs/job_3qT7ZcWm8yPp5RkXj1NaVd"),
    "Retry-After": ("Seconds after which it is worth asking.", {"type": "integer"}, 2),
    "WWW-Authenticate": ("How a key is sent.", _TEXT, "Bearer"),
}
# Of every answer, and therefore written once.
_SHARED = "RequestId"
_OF_EVERY_ANSWER = {request_ids.HEADER: {"$ref": f"#/components/headers/{_SHARED}"}}
TOLD = frozenset({*_DESCRIBED, request_ids.HEADER})
_CHANGED_OR_NOT = ("200", "206", "304")
_LATER = ("429", "503")


def add_headers(method: str, operation: dict[str, Any]) -> None:
    """Writes into an operation's description which headers its answers may have."""
    for status, answer in operation["responses"].items():
        own = {name: _header(name) for name in _names(method, operation, status)}
        answer["headers"] = own | _OF_EVERY_ANSWER


def shared_headers() -> dict[str, dict[str, object]]:
    """Returns the components that `add_headers` refers to."""
    told = "The request's own, or one that was made for it; it is in the server's log."
    return {_SHARED: {"description": told, "schema": _TEXT, "example": "req_5f0c2e9a7b41d638"}}


def _names(method: str, operation: Mapping[str, Any], status: str) -> Iterator[str]:
    answers = operation["responses"]
    parameters = {one["name"] for one in operation.get("parameters", ())}
    if method == "post" and status in {"201", "202"}:
        yield "Location"
        if HEADER in parameters:
            yield REPLAYED
    if status in {"202", *_LATER} or (status == "409" and HEADER in parameters):
        yield "Retry-After"
    if "304" in answers and status in _CHANGED_OR_NOT:
        yield "ETag"
    if "206" in answers and status in {"200", "206"}:
        yield "Accept-Ranges"
    if "206" in answers and status in {"206", "416"}:
        yield "Content-Range"
    if status in {"401", "403"}:  # a scope that lacks is told there
        yield "WWW-Authenticate"


def _header(name: str) -> dict[str, object]:
    description, schema, example = _DESCRIBED[name]
    return {"description": description, "schema": schema, "example": example}
