"""The API's description: OpenAPI 3.1, with examples of requests, answers and errors."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI

from app.answer_examples import add_example
from app.bodies import ProblemBody
from app.byte_range import NoSuchPart
from app.door import is_open
from app.openapi_headers import add_headers, shared_headers
from app.problems import (
    MEDIA_TYPE,
    Conflict,
    Gone,
    Invalid,
    Misdirected,
    NoKey,
    NotFound,
    NotReady,
    ScopeLacking,
    StillhouseError,
    StorageFull,
    TooLarge,
    TooMany,
    TooSlow,
    WrongMediaType,
    problem,
)

_KINDS: tuple[type[StillhouseError], ...] = (
    Conflict,
    ScopeLacking,
    Gone,
    Invalid,
    Misdirected,
    NoSuchPart,
    NoKey,
    NotFound,
    NotReady,
    StillhouseError,
    StorageFull,
    TooLarge,
    TooMany,
    TooSlow,
    WrongMediaType,
)
_BY_STATUS = {kind.status: kind for kind in _KINDS}
_READING = ("get", "head", "options")
_UNUSED = ("HTTPValidationError", "ValidationError")  # FastAPI's own words for a wrong parameter


def problems(**described: str) -> dict[int | str, dict[str, Any]]:
    """Returns OpenAPI's description of error answers: `problems(_404="There is no such job.")`."""
    return {
        int(status[1:]): {"model": ProblemBody, **_described(int(status[1:]), description)}
        for status, description in described.items()
    }


def describe(app: FastAPI) -> None:
    """Has the app's description say that errors are problems, and which ones any route may give."""
    of_fastapi = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is not None:
            return app.openapi_schema
        schema = of_fastapi()
        schema["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        schema["components"]["headers"] = shared_headers()
        for path, method, operation in _operations(schema):
            if not is_open(path):
                operation["security"] = [{"key": []}, {}]  # {}: while there are no keys
            responses = operation["responses"]
            if "HTTPValidationError" in str(responses.get("422")):
                del responses["422"]  # any text is taken for an id, and there is none by that name
            for status, answer in _of_any_route(method).items():
                responses.setdefault(str(status), answer)
            for status, answer in responses.items():
                _finish(status, answer)
            operation["responses"] = dict(sorted(responses.items()))
            add_headers(method, operation)
        for name in _UNUSED:
            schema["components"]["schemas"].pop(name, None)
        return schema

    app.openapi = openapi  # type: ignore[method-assign]


def _finish(status: str, answer: dict[str, Any]) -> None:
    """Has an error be a problem, and any other answer have an example."""
    content = answer.get("content", {})
    if status < "400":
        add_example(answer)
    elif "application/json" in content:
        content[MEDIA_TYPE] = content.pop("application/json")


def _of_any_route(method: str) -> Mapping[int, dict[str, Any]]:
    found = {
        421: "The server is not the host that was asked: STILLHOUSE_ALLOWED_HOSTS.",
        500: "An unexpected error; the server's log has more.",
        503: "The database does not answer: `Retry-After` says when to try again.",
    }
    if method not in _READING:
        found[403] = "Another site's page sent it."
        found[408] = "The body came too slowly: STILLHOUSE_MIN_BODY_BYTES_PER_S."
    schema = {"schema": {"$ref": "#/components/schemas/ProblemBody"}}
    described = {status: _described(status, words) for status, words in found.items()}
    for answer in described.values():
        answer["content"]["application/json"] |= schema
    return described


def _described(status: int, description: str) -> dict[str, Any]:
    kind = _BY_STATUS[status]
    example = problem(status, kind.type, kind.title, description)
    if kind is Invalid:
        example["errors"] = [
            {
                "pointer": "#/search/evaluations",
                "detail": "Input should be greater than or equal to 1",
            }
        ]
    return {
        "description": description,
        "content": {"application/json": {"example": example}},
    }


def _operations(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            yield path, method, operation
