"""The JSON form of an architecture, and the checks on what a stranger wrote in it."""

from __future__ import annotations

import json
import math
from typing import TypeAlias, TypedDict

from networks.errors import ArchitectureError

SCHEMA_VERSION = 1
MAX_DIMENSION = 2**31 - 1

Attribute: TypeAlias = "bool | int | float | str | list[Attribute] | dict[str, Attribute] | None"


class LayerJson(TypedDict):
    """One layer of the document."""

    name: str
    op: str
    inputs: list[str]
    shape: list[int]
    attributes: dict[str, Attribute]
    tensors: dict[str, str]


class TensorJson(TypedDict):
    """One tensor of the document."""

    shape: list[int]
    trainable: bool


def parse_architecture(text: str) -> tuple[list[LayerJson], dict[str, TensorJson], str]:
    """Layers, tensors and the output's name of a document.

    Raises:
        ArchitectureError: If something is missing, superfluous or of the wrong type.
    """
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ArchitectureError(f"not a JSON document: {error}") from error
    fields = _object(document, "the document", {"schema", "layers", "tensors", "output"})
    if fields["schema"] != SCHEMA_VERSION:
        raise ArchitectureError(f"schema is {fields['schema']!r}; this is {SCHEMA_VERSION}")
    layers = [
        _layer(layer, f"layers[{i}]") for i, layer in enumerate(_list(fields["layers"], "layers"))
    ]
    tensors = _mapping(fields["tensors"], "tensors")
    parsed = {name: _tensor(spec, f"tensors[{name!r}]") for name, spec in tensors.items()}
    return layers, parsed, _string(fields["output"], "output")


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _layer(value: object, where: str) -> LayerJson:
    keys = {"name", "op", "inputs", "shape", "attributes", "tensors"}
    fields = _object(value, where, keys)
    inputs = _list(fields["inputs"], f"{where}.inputs")
    tensors = _mapping(fields["tensors"], f"{where}.tensors")
    attributes = _mapping(fields["attributes"], f"{where}.attributes")
    return LayerJson(
        name=_string(fields["name"], f"{where}.name"),
        op=_string(fields["op"], f"{where}.op"),
        inputs=[_string(name, f"{where}.inputs") for name in inputs],
        shape=_shape(fields["shape"], f"{where}.shape"),
        attributes={key: _attribute(v, f"{where}.{key}") for key, v in attributes.items()},
        tensors={role: _string(name, f"{where}.tensors") for role, name in tensors.items()},
    )


def _tensor(value: object, where: str) -> TensorJson:
    fields = _object(value, where, {"shape", "trainable"})
    trainable = fields["trainable"]
    if not isinstance(trainable, bool):
        raise ArchitectureError(f"{where}.trainable must be true or false, not {trainable!r}")
    return TensorJson(shape=_shape(fields["shape"], f"{where}.shape"), trainable=trainable)


def _shape(value: object, where: str) -> list[int]:
    shape: list[int] = []
    for size in _list(value, where):
        if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= MAX_DIMENSION:
            raise ArchitectureError(f"{where} must hold positive integers, not {size!r}")
        shape.append(size)
    return shape


def _attribute(value: object, where: str) -> Attribute:
    if isinstance(value, list):
        return [_attribute(item, where) for item in value]
    if isinstance(value, dict):
        return {str(key): _attribute(item, where) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        raise ArchitectureError(f"{where} must be finite, not {value!r}")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ArchitectureError(f"{where} is no JSON value: {value!r}")


def _object(value: object, where: str, keys: set[str]) -> dict[str, object]:
    fields = _mapping(value, where)
    if fields.keys() != keys:
        raise ArchitectureError(f"{where} must have {sorted(keys)}, not {sorted(fields)}")
    return fields


def _mapping(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ArchitectureError(f"{where} must be an object, not {type(value).__name__}")
    return value


def _list(value: object, where: str) -> list[object]:
    if not isinstance(value, list):
        raise ArchitectureError(f"{where} must be a list, not {type(value).__name__}")
    return value


def _string(value: object, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise ArchitectureError(f"{where} must be a non-empty string, not {value!r}")
    return value
