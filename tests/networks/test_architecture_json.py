from __future__ import annotations

import json

import pytest

from networks import Architecture, ArchitectureError, Layer, TensorSpec, Traced


def test_the_document_carries_its_schema_version(resnet20: Traced) -> None:
    assert json.loads(resnet20.architecture.to_json())["schema"] == 1


def test_a_document_that_is_nested_too_deeply_is_told_in_words() -> None:
    with pytest.raises(ArchitectureError, match="nested less than ten"):
        Architecture.from_json("[" * 10**5)


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
        (("layers", 1, "repeats"), 0, r"layers\[1\].repeats must be an integer from 1"),
        (("layers", 1, "batch_dim"), 4, r"layers\[1\].batch_dim must be an integer from 0 to 3"),
        (("tensors", "conv1.weight", "dtype"), "float64", "dtype must be one of float32"),
        (("tensors", "conv1.weight", "dtype"), "int64", "only float32 can be trained"),
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


def test_what_is_left_out_has_its_usual_value(resnet20: Traced) -> None:
    document = json.loads(resnet20.architecture.to_json())
    assert not {"repeats", "batch_dim"} & document["layers"][1].keys()
    layers = (
        Layer("input", "input", (), (3,)),
        Layer("a", "relu", ("input",), (3, 4), repeats=16, batch_dim=1),
        Layer("b", "tensor", (), (5,), {}, {"value": "b"}, batch_dim=None),
    )
    architecture = Architecture(layers, {"b": TensorSpec((5,), False, "int64")}, "a")
    assert Architecture.from_json(architecture.to_json()) == architecture


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"schema": NaN}', "[" * 100_000])
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(ArchitectureError):
        Architecture.from_json(text)


def test_a_number_that_json_lacks_is_not_written() -> None:
    layers = (
        Layer("input", "input", (), (3,)),
        Layer("a", "mul.Tensor", ("input",), (3,), {"args": [{"input": 0}, float("inf")]}),
    )
    with pytest.raises(ArchitectureError, match="not finite"):
        Architecture(layers, {}, "a").to_json()
