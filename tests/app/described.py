"""A client that finds every answer in the API's own description, or fails."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator

from app.openapi_headers import TOLD
from app.problems import MEDIA_TYPE as PROBLEM

Json = Any
_MADE: list[Json] = []


class DescribedClient(TestClient):
    """Checks that each status, content type and body of an answer is one that is described."""

    def send(self, request: Any, **options: Any) -> Any:  # noqa: ANN401 - of httpx or its successor
        answer = super().send(request, **options)
        schema = _schema_of_all(self.app)
        operation = operation_of(schema, request.method, request.url.path)
        if operation is not None:
            kind = answer.headers.get("content-type", "").partition(";")[0]
            check(schema, operation, answer.status_code, kind, answer.content)
            check_headers(operation, answer.status_code, answer.headers)
        return answer


def operation_of(schema: Json, method: str, path: str) -> Json | None:
    """Returns the description of what a request asks for; None if there is no such route."""
    for template, operations in schema["paths"].items():
        if _pattern(template).fullmatch(path) and method.lower() in operations:
            return operations[method.lower()]
    return None


def check(schema: Json, operation: Json, status: int, kind: str, body: bytes) -> None:
    """Fails if an answer is none that the operation is said to give."""
    described = operation["responses"].get(str(status))
    assert described is not None, f"{operation['operationId']} gives {status}, undescribed"
    content = described.get("content", {})
    assert (kind in content) or (not content and not body), (operation["operationId"], status, kind)
    if kind.endswith("json") and "schema" in content.get(kind, {}):
        validator = validator_of(schema, content[kind]["schema"])
        errors = [error.message for error in validator.iter_errors(json.loads(body))]
        assert errors == [], (operation["operationId"], status, errors)
    if kind == PROBLEM:
        types = {example["type"] for example in examples_of(content[kind])}
        assert json.loads(body)["type"] in types, (operation["operationId"], status, body)


def check_headers(operation: Json, status: int, headers: Mapping[str, str]) -> None:
    """Fails if an answer has a header that programs go by and the description doesn't tell."""
    described = {name.lower() for name in operation["responses"][str(status)].get("headers", {})}
    told = {name.lower() for name in TOLD} & {name.lower() for name in headers}
    assert told <= described, (operation["operationId"], status, told - described)


def examples_of(content: Mapping[str, Json]) -> Iterator[Json]:
    """Yields the examples that a content's description has."""
    if "example" in content:
        yield content["example"]
    yield from (one["value"] for one in content.get("examples", {}).values())


def validator_of(schema: Json, part: Json) -> Draft202012Validator:
    """Returns what checks values by a part of the description that may refer to the whole."""
    return Draft202012Validator({**part, "components": schema["components"]})


def _schema_of_all(app: Any) -> Json:  # noqa: ANN401 - an application
    """Returns the description, which all applications share: to make one takes half a second."""
    if not _MADE:
        _MADE.append(app.openapi())
    return _MADE[0]


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", template))
