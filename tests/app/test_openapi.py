import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.problems import StillhouseError
from tests.app.described import examples_of, validator_of

DOCS = Path(__file__).parents[2] / "docs"
Operation = tuple[str, str, dict[str, Any]]


def operations(schema: dict[str, Any]) -> Iterator[Operation]:
    for path, found in schema["paths"].items():
        for method, operation in found.items():
            yield method, path, operation


def test_it_is_openapi_3_1(schema: dict[str, Any]) -> None:
    assert schema["openapi"].startswith("3.1")
    names = [operation["operationId"] for *_, operation in operations(schema)]
    assert len(names) == len(set(names))


def test_every_error_is_a_problem_with_examples_that_fit(schema: dict[str, Any]) -> None:
    for _, path, operation in operations(schema):
        for status, answer in operation["responses"].items():
            if status >= "400":
                (kind, content), *others = answer["content"].items()
                assert (kind, others) == ("application/problem+json", []), path
                for example in examples_of(content):
                    validator_of(schema, content["schema"]).validate(example)
                    assert example["status"] == int(status)
                assert len(answer["description"].split()) >= 3


def test_every_body_has_examples_that_fit(schema: dict[str, Any]) -> None:
    found = 0
    for _, path, operation in operations(schema):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            examples = list(examples_of(content))
            assert len(examples) >= 2, path
            for example in examples:
                validator_of(schema, content["schema"]).validate(example)
            found += 1
    assert found == 4


def test_answers_have_whole_examples_that_fit(schema: dict[str, Any]) -> None:
    for _, path, operation in operations(schema):
        for status, answer in operation["responses"].items():
            content = answer.get("content", {}).get("application/json", {})
            if status < "400" and "schema" in content:
                (example,) = examples_of(content)
                validator_of(schema, content["schema"]).validate(example)
                assert example.keys() == _whole(schema, content["schema"]).keys(), path


def _whole(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    name = part["$ref"].removeprefix("#/components/schemas/")
    properties: dict[str, Any] = schema["components"]["schemas"][name]["properties"]
    return properties


def test_headers_are_described_where_they_come(schema: dict[str, Any]) -> None:
    def headers(method: str, path: str, status: str) -> set[str]:
        described = schema["paths"][path][method]["responses"][status]["headers"]
        return set(described) - {"X-Request-Id"}

    assert headers("post", "/v1/jobs", "202") == {"Location", "Retry-After", "Idempotent-Replayed"}
    assert headers("post", "/v1/jobs", "409") == {"Retry-After"}
    assert headers("get", "/v1/jobs/{job_id}", "200") == {"ETag"}
    assert headers("get", "/v1/jobs/{job_id}", "304") == {"ETag"}
    assert headers("get", "/v1/jobs/{job_id}", "503") == {"Retry-After"}
    file = "/v1/students/{student_id}/files/{name}"
    assert headers("get", file, "206") == {"ETag", "Accept-Ranges", "Content-Range"}
    assert headers("get", file, "416") == {"Content-Range"}
    assert headers("get", "/v1/jobs", "401") == {"WWW-Authenticate"}


def test_every_answer_refers_to_one_description_of_the_request_id(schema: dict[str, Any]) -> None:
    reference = {"$ref": "#/components/headers/RequestId"}
    assert schema["components"]["headers"].keys() == {"RequestId"}
    for _, path, operation in operations(schema):
        for answer in operation["responses"].values():
            assert answer["headers"]["X-Request-Id"] == reference, path


def test_any_route_may_give_what_comes_before_it(schema: dict[str, Any]) -> None:
    for method, path, operation in operations(schema):
        needed = {"421", "500"} | ({"403"} if method != "get" else set())
        needed |= {"503"} if path != "/healthz" else set()
        assert needed <= set(operation["responses"]), path


def test_nothing_of_fastapis_own_errors_is_left(schema: dict[str, Any]) -> None:
    assert "ValidationError" not in json.dumps(schema)


def test_every_route_is_told_of_in_the_docs(schema: dict[str, Any]) -> None:
    told = set(re.findall(r"`(GET|POST|PUT|DELETE) (/[^`?]*)`", (DOCS / "api.md").read_text()))
    routes = {(method.upper(), path) for method, path, _ in operations(schema)}
    assert routes - told == set(), "docs/api.md doesn't tell of these"
    assert told - routes == set(), "docs/api.md tells of these, which aren't there"


def test_the_docs_say_whether_anything_is_deprecated(schema: dict[str, Any]) -> None:
    is_any = '"deprecated": true' in json.dumps(schema)
    assert ("Nothing is deprecated today" in (DOCS / "api.md").read_text()) is not is_any


def test_every_problem_is_in_the_table_of_the_docs() -> None:
    rows = re.findall(r"^\| (\d{3}) \| ([^|]+) \|", (DOCS / "api.md").read_text(), re.MULTILINE)
    told = {(int(status), kind) for status, kinds in rows for kind in re.findall("`(.+?)`", kinds)}
    of_routes = (k for k in _kinds(StillhouseError) if k.__module__.startswith("app."))
    kinds = {(kind.status, kind.type) for kind in of_routes}
    assert kinds - told == {(409, "lease-lost")}, "which coordinators alone raise"
    assert told - kinds == set()


def test_each_type_of_problem_has_one_title_and_one_status() -> None:
    kinds = [k for k in _kinds(StillhouseError) if k.__module__.startswith("app.")]
    assert len({kind.type for kind in kinds}) == len(kinds)
    assert len({kind.title for kind in kinds}) == len(kinds)


def _kinds(root: type[StillhouseError]) -> Iterator[type[StillhouseError]]:
    yield root
    for kind in root.__subclasses__():
        yield from _kinds(kind)
