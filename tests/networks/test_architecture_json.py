from __future__ import annotations

import json

import pytest

from networks import Architecture, ArchitectureError, Traced


def test_the_document_carries_its_schema_version(resnet20: Traced) -> None:
    assert json.loads(resnet20.architecture.to_json())["schema"] == 1


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("schema",), 2, "schema is 2"),
        (("layers",), {}, "layers must be a list"),
        (("layers", 0, "name"), "", r"layers\[0\].name must be a non-empty string"),
        (("layers", 1, "shape"), [16, -1, 8], r"layers\[1\].shape must hold positive integers"),
        (("layers", 1, "shape"), [16, True], r"layers\[1\].shape"),
        (("layers", 1, "shape"), [2**40], r"layers\[1\].shape"),
        (("layers", 1, "inputs"), [3], r"layers\[1\].inputs"),
        (("layers", 1, "extra"), 1, r"layers\[1\] must have"),
        (("tensors", "conv1.weight"), {"shape": [1]}, "conv1.weight"),
        (("tensors", "conv1.weight", "trainable"), 1, "must be true or false"),
        (("output",), None, "output must be a non-empty string"),
    ],
)
def test_what_is_wrong_in_a_document_is_named(
    resnet20: Traced, path: tuple[str | int, ...], value: object, message: str
) -> None:
    document = json.loads(resnet20.architecture.to_json())
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(ArchitectureError, match=message):
        Architecture.from_json(json.dumps(document))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"schema": NaN}', "[" * 100_000])
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(ArchitectureError):
        Architecture.from_json(text)
