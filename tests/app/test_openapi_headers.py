from typing import Any

from app.openapi_headers import TOLD, add_headers, shared_headers

REQUEST_ID = {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}}


def test_an_answer_without_headers_of_its_own_has_the_request_id() -> None:
    operation: dict[str, Any] = {"responses": {"200": {}, "404": {}}}
    add_headers("get", operation)
    assert operation == {"responses": {key: {"headers": REQUEST_ID} for key in ("200", "404")}}
    assert set(shared_headers()) == {"RequestId"}


def test_each_header_has_words_a_schema_and_an_example() -> None:
    statuses = ("201", "202", "200", "206", "304", "401", "409", "416", "429", "503")
    operation: dict[str, Any] = {
        "parameters": [{"name": "Idempotency-Key"}],
        "responses": {status: {} for status in statuses},
    }
    add_headers("post", operation)
    found = {
        name: header
        for answer in operation["responses"].values()
        for name, header in answer["headers"].items()
    }
    assert {name: found.pop(name) for name in REQUEST_ID} == REQUEST_ID
    found |= {"X-Request-Id": shared_headers()["RequestId"]}
    assert set(found) == TOLD
    for header in found.values():
        assert header.keys() == {"description", "schema", "example"}
