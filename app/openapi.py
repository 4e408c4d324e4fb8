"""The API's description: OpenAPI 3.1, with examples of requests, answers and errors."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI

from app.answer_examples import add_example
from app.door import is_open
from app.openapi_headers import add_headers, shared_headers
from app.problem_examples import add_problems, of_any_route
from app.problems import MEDIA_TYPE

_UNUSED = ("HTTPValidationError", "ValidationError")  # FastAPI's own words for a wrong parameter


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
            has_body = "requestBody" in operation
            add_problems(responses, *of_any_route(method, path, has_body=has_body))
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


def _operations(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            yield path, method, operation
