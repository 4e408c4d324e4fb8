"""The JSON form of an architecture, and the checks on what a stranger wrote in it."""

from __future__ import annotations

import json
import math
from collections.abc import Set as AbstractSet
from typing import NotRequired, TypeAlias, TypedDict

from networks.errors import ArchitectureError

SCHEMA_VERSION = 1
MAX_DIMENSION = 2**31 - 1
MAX_RANK = 8
FLOAT32 = "float32"
DTYPES = (FLOAT32, "int64", "int32", "uint8", "bool")  # all but the first: constants, never trained
NOT_FINITE = ("inf", "-inf", "nan")  # JSON has none of them: an argument is {"number": "-inf"}

Attribute: TypeAlias = "bool | int | float | str | list[Attribute] | dict[str, Attribute] | None"
TOO_DEEP = (
    "its lists and objects are nested hundreds of levels deep; those of an architecture.json, as"
    " students have one, are nested less than ten"
)


class LayerJson(TypedDict):
    """One layer of the document."""

    name: str
    op: str
    inputs: list[str]
    shape: list[int]
    attributes: dict[str, Attribute]
    tensors: dict[str, str]
    repeats: NotRequired[int]
    batch_dim: NotRequired[int | None]


class TensorJson(TypedDict):
    """One tensor of the document."""

    shape: list[int]
    trainable: bool
    dtype: NotRequired[str]


def parse_architecture(text: str) -> tuple[list[LayerJson], dict[str, TensorJson], str]:
    """Layers, tensors and the output's name of a document.

    Raises:
        ArchitectureError: If something is missing, superfluous or of the wrong type.
    """
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ArchitectureError(TOO_DEEP) from error
    except ValueError as error:
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
    fields = _object(value, where, keys, {"repeats", "batch_dim"})
    inputs = _list(fields["inputs"], f"{where}.inputs")
    tensors = _mapping(fields["tensors"], f"{where}.tensors")
    attributes = _mapping(fields["attributes"], f"{where}.attributes")
    layer = LayerJson(
        name=_string(fields["name"], f"{where}.name"),
        op=_string(fields["op"], f"{where}.op"),
        inputs=[_string(name, f"{where}.inputs") for name in inputs],
        shape=_shape(fields["shape"], f"{where}.shape"),
        attributes={key: _attribute(v, f"{where}.{key}") for key, v in attributes.items()},
        tensors={role: _string(name, f"{where}.tensors") for role, name in tensors.items()},
    )
    if "repeats" in fields:
        layer["repeats"] = _integer(fields["repeats"], f"{where}.repeats", 1, MAX_DIMENSION)
    if "batch_dim" in fields:
        dim, rank = fields["batch_dim"], len(layer["shape"])
        layer["batch_dim"] = None if dim is None else _integer(dim, f"{where}.batch_dim", 0, rank)
    return layer


def _tensor(value: object, where: str) -> TensorJson:
    fields = _object(value, where, {"shape", "trainable"}, {"dtype"})
    trainable, dtype = fields["trainable"], fields.get("dtype", FLOAT32)
    if not isinstance(trainable, bool):
        raise ArchitectureError(f"{where}.trainable must be true or false, not {trainable!r}")
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise ArchitectureError(f"{where}.dtype must be one of {', '.join(DTYPES)}, not {dtype!r}")
    if trainable and dtype != FLOAT32:
        raise ArchitectureError(f"{where} is {dtype}: only {FLOAT32} can be trained")
    shape = _shape(fields["shape"], f"{where}.shape")
    return TensorJson(shape=shape, trainable=trainable, dtype=dtype)


def _shape(value: object, where: str) -> list[int]:
    shape: list[int] = []
    sizes = _list(value, where)
    if len(sizes) > MAX_RANK:
        raise ArchitectureError(f"{where} has {len(sizes)} sizes, at most {MAX_RANK} are taken")
    for size in sizes:
        if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= MAX_DIMENSION:
            raise ArchitectureError(f"{where} must hold positive integers, not {size!r}")
        shape.append(size)
    return shape


def _integer(value: object, where: str, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ArchitectureError(f"{where} must be an integer from {least} to {most}, not {value!r}")
    return value


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


def _object(
    value: object, where: str, keys: set[str], optional: AbstractSet[str] = frozenset()
) -> dict[str, object]:
    fields = _mapping(value, where)
    if fields.keys() - optional != keys:
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
